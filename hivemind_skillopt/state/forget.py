"""Everything that this machine holds of one session of a harness: found by its id, and taken away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Table, delete, func, or_, select, update

from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.inbox import Inbox
from hivemind_skillopt.state.markers import Markers
from hivemind_skillopt.state.schema import calls, jobs, outbox, reactions, refused_rows, sessions, windows


@dataclass(frozen=True, slots=True)
class Held:
    """What there is of a session. `uses`: ids of its invocations, as far as they are known here."""

    uses: tuple[str, ...]
    events: int
    reactions: int
    jobs: int
    rows: int

    def __bool__(self) -> bool:
        return any((self.uses, self.events, self.reactions, self.jobs, self.rows))


class SessionTraces:
    """Of one machine; no worker may run meanwhile."""

    def __init__(self, database: Database, inbox: Inbox, markers: Markers) -> None:
        self._database = database
        self._inbox = inbox
        self._markers = markers

    def held(self, session_id: str) -> Held:
        """Looks only."""
        with self._database.transaction() as connection:
            uses = self._uses(connection, session_id)
            return Held(
                uses=uses,
                events=len(self._inbox.about(session_id)),
                reactions=_count(connection, reactions, reactions.c.window_id.in_(uses)),
                jobs=_count(connection, jobs, jobs.c.window_id.in_(uses)),
                rows=sum(_count(connection, table, _of(table, session_id, uses)) for table in (outbox, refused_rows)),
            )

    def forget(self, session_id: str) -> None:
        """Take it all away; the bytes are overwritten, in the write-ahead log too."""
        for path in self._inbox.about(session_id):
            path.unlink(missing_ok=True)
        with self._database.transaction() as connection:
            uses = self._uses(connection, session_id)
            for table in (outbox, refused_rows):
                connection.execute(delete(table).where(_of(table, session_id, uses)))
            connection.execute(delete(reactions).where(reactions.c.window_id.in_(uses)))
            connection.execute(delete(jobs).where(jobs.c.window_id.in_(uses)))
            connection.execute(delete(windows).where(windows.c.session_id == session_id))
            connection.execute(delete(sessions).where(sessions.c.session_id == session_id))
            of_session = func.substr(calls.c.session, -len(session_id) - 1) == f" {session_id}"
            connection.execute(
                update(calls).where(of_session).values(session="")
            )  # what it cost was spent all the same
        self._markers.forget(session_id)
        self._database.shed()

    @staticmethod
    def _uses(connection: Connection, session_id: str) -> tuple[str, ...]:
        """Of its windows, and of rows that still wait for the store."""
        here = connection.scalars(select(windows.c.id).where(windows.c.session_id == session_id)).all()
        invocation = outbox.c.kind == "Invocation"
        waiting = select(_field(outbox, "id")).where(invocation, _field(outbox, "session_id") == session_id)
        return tuple(dict.fromkeys([*here, *connection.scalars(waiting).all()]))


def _of(table: Table, session_id: str, uses: Sequence[str]) -> ColumnElement[bool]:
    """A row about the session, or about one of its uses."""
    return or_(_field(table, "session_id") == session_id, _field(table, "invocation_id").in_(uses))


def _field(table: Table, name: str) -> ColumnElement[str]:
    """Of the JSON; NULL where it is none."""
    found: ColumnElement[str] = func.iif(
        func.json_valid(table.c.payload), func.json_extract(table.c.payload, f"$.{name}"), None
    )
    return found


def _count(connection: Connection, table: Table, which: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count()).select_from(table).where(which)) or 0
