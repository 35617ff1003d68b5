"""One transaction on the store, and what its failure means: try again later, or never with this row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from hivemind_skillopt.errors import RowRefused, StoreUnavailable
from hivemind_skillopt.store.deadline import Deadline
from hivemind_skillopt.store.driver_errors import CANNOT, one_line

FOR_GOOD = ("22", "23", "44", "54")
"""The classes of SQLSTATE that blame the row: data exception, integrity, WITH CHECK OPTION, program limit."""

TOO_LARGE = "the org store refused a row: a number is too large"
WAITS = "what waits is sent later"
ADVICE = {
    "25006": f"it is read-only now; {WAITS}",
    "42501": "its owner has to grant you that right",
    "53300": f"it has no connection to spare; {WAITS}",
    "57P01": f"it is being shut down; {WAITS}",
    "57P02": f"it has crashed; {WAITS}",
    "57P03": f"it is starting or stopping; {WAITS}",
}
"""By SQLSTATE, for whom the server's own words leave helpless."""


class RowTaken(RowRefused):
    """A constraint of the schema was broken: where two write at once, somebody else wrote the same row."""


@contextmanager
def transaction(engine: Engine, seconds: float | None, what: str = CANNOT) -> Iterator[Connection]:
    """Begin, commit or roll back, within so many seconds; None: however long it takes.

    `what`: how an error's line begins. Raises StoreUnavailable, RowRefused, RowTaken. A COMMIT whose answer is lost is
    StoreUnavailable, too: it may have been done, and every write of ours can be repeated.
    """
    deadline = Deadline(seconds) if seconds else None
    try:
        with engine.connect() as connection:
            if deadline is None:
                with connection.begin():
                    yield connection
            else:
                with deadline.over(connection), connection.begin():
                    yield connection
    except IntegrityError as error:
        raise RowTaken(_line("the org store refused a row", error)) from error
    except (DBAPIError, PoolTimeout) as error:
        if deadline and deadline.passed:
            raise StoreUnavailable(f"the org store did not answer within {deadline.seconds:g} s; {WAITS}") from error
        if _blames_the_row(error):
            raise RowRefused(f"the org store refused a row: {_what_is_wrong(error)}") from error
        if engine.dialect.name == "postgresql" and isinstance(error, DBAPIError):
            engine.dispose()  # the next try has new connections: a session stays read-only when its server is no more
        raise StoreUnavailable(_line(what, error)) from error
    except OverflowError as error:  # sqlite3's own, not wrapped
        raise RowRefused(TOO_LARGE) from error


def sqlstate(error: DBAPIError | PoolTimeout) -> str:
    """Five letters and digits, or '' (SQLite, a lost connection)."""
    return str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")


def _blames_the_row(error: DBAPIError | PoolTimeout) -> bool:
    return isinstance(error, DataError) or sqlstate(error)[:2] in FOR_GOOD


def _what_is_wrong(error: DBAPIError | PoolTimeout) -> str:
    """The kind of error: the message of such a one may hold the value."""
    kind = type(getattr(error, "orig", error)).__name__
    return f"{kind} {sqlstate(error)}".strip()


def _line(what: str, error: DBAPIError | PoolTimeout) -> str:
    """What the driver said, and what to do about it."""
    said, advice = one_line(what, error), ADVICE.get(sqlstate(error))
    return f"{said}; {advice}" if advice else said
