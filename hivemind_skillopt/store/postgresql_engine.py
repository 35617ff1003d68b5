"""How a team's PostgreSQL is reached: psycopg 3 under SQLAlchemy.

Everything in the URL's query but the two pool settings is libpq's (`sslmode`, `sslrootcert`, `connect_timeout`,
`service`, `passfile`, ..), and so are the usual places of credentials: PGPASSFILE, ~/.pgpass, the service file.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError

from hivemind_skillopt.errors import SettingsError
from hivemind_skillopt.store.deadline import SECONDS

SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
DEADLINE = "deadline"
POOL_SETTINGS = {"pool_size": 4, "pool_timeout": 10}
"""The worker's main thread, its two jobs, and one to spare; seconds to wait for a free connection."""

OURS = {*POOL_SETTINGS, DEADLINE}
"""What libpq does not know."""

LIBPQ_DEFAULTS = {
    "application_name": "hivemind-skillopt",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""A server that vanished is noticed after a minute at most. Times in seconds, the last one in milliseconds."""


def is_postgresql(url: str) -> bool:
    """Is that a URL for here?"""
    return urlsplit(url).scheme in SCHEMES


def postgresql_engine(url: str) -> Engine:
    """An engine; nothing is connected yet. Raises SettingsError, which never shows the URL."""
    try:
        parsed = make_url(url).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError):
        raise SettingsError("HIVEMIND_SKILLOPT_STORE is no URL; quote special characters of the password") from None
    pool = {name: _whole(parsed, name, default) for name, default in POOL_SETTINGS.items()}
    query = {**LIBPQ_DEFAULTS, **{name: value for name, value in parsed.query.items() if name not in OURS}}
    return create_engine(parsed.set(query=query), max_overflow=0, **pool)


def deadline_of(url: str) -> int:
    """Seconds that a transaction may take. Raises SettingsError."""
    return _whole(make_url(url), DEADLINE, SECONDS)


def _whole(url: URL, name: str, default: int) -> int:
    text = str(url.query.get(name, default))
    if not text.isdecimal() or int(text) < 1:
        raise SettingsError(f"HIVEMIND_SKILLOPT_STORE has {name}={text[:20]!a}; use a whole number of at least 1")
    return int(text)
