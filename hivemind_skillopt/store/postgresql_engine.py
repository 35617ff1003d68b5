"""How a team's PostgreSQL is reached: psycopg 3 under SQLAlchemy.

Everything in the URL's query but the two pool settings and the deadline is libpq's (`sslmode`, `sslrootcert`,
`connect_timeout`, `service`, `passfile`, ..), and so are the usual places of credentials: PGPASSFILE, ~/.pgpass, the
service file.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Engine, create_engine

from hivemind_skillopt.errors import SettingsError
from hivemind_skillopt.store.deadline import SECONDS
from hivemind_skillopt.store_url import parse_postgres_url

DEADLINE = "deadline"
POOL_SETTINGS = {"pool_size": 4, "pool_timeout": 10}
"""The worker's main thread, its two jobs, and one to spare; seconds to wait for a free connection."""

LIBPQ_DEFAULTS = {
    "fallback_application_name": "hivemind-skillopt",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""A server that vanished is noticed after a minute at most. Times in seconds, the last one in milliseconds."""


def postgresql_engine(url: str) -> Engine:
    """An engine; nothing is connected yet. Raises SettingsError, which never shows the URL.

    libpq gets its parameters as they are, outside of SQLAlchemy's URL: an engine shows that one in its `repr`.
    """
    parameters = dict(parse_postgres_url(url).parameters)
    pool = {name: _whole(name, parameters.pop(name, str(default))) for name, default in POOL_SETTINGS.items()}
    parameters.pop(DEADLINE, None)
    _refuse_unknown(parameters)
    return create_engine("postgresql+psycopg://", connect_args=_unset_defaults() | parameters, max_overflow=0, **pool)


def deadline_of(url: str) -> int:
    """Seconds that a transaction may take. Raises SettingsError."""
    return _whole(DEADLINE, dict(parse_postgres_url(url).parameters).get(DEADLINE, str(SECONDS)))


def _refuse_unknown(parameters: Mapping[str, str]) -> None:
    """A name is shown only where it can be no piece of a password."""
    unknown = sorted(parameters.keys() - _libpq().keys())
    if unknown:
        named = f" ({unknown[0][:30]!a})" if "password" not in parameters else ""
        raise SettingsError(f"HIVEMIND_SKILLOPT_STORE has a setting after its `?` that libpq does not know{named}")


def _unset_defaults() -> dict[str, str]:
    """Ours, where PGCONNECT_TIMEOUT and the like say nothing."""
    known = _libpq()
    return {name: value for name, value in LIBPQ_DEFAULTS.items() if name in known and not known[name]}


def _libpq() -> dict[str, bytes | None]:
    """The parameters that this libpq knows, and what the environment says for each."""
    from psycopg.pq import Conninfo  # not at a start that only needs SQLite

    return {option.keyword.decode(): option.val for option in Conninfo.get_defaults()}


def _whole(name: str, text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise SettingsError(f"HIVEMIND_SKILLOPT_STORE has {name}={text[:20]!a}; use a whole number of at least 1")
    return int(text)
