"""Open the org store that a URL names. Nothing is connected and no schema is touched before the first use.

A SQLite file is this machine's own; what other machines reach is PostgreSQL, or speaks like it.
"""

from __future__ import annotations

import re
from pathlib import Path

from hivemind_skillopt.errors import SettingsError, StoreUnavailable
from hivemind_skillopt.sqlite_engine import sqlite_engine
from hivemind_skillopt.store.postgresql_engine import deadline_of, is_postgresql, postgresql_engine
from hivemind_skillopt.store.rows import Tell
from hivemind_skillopt.store.sql import SqlStore

SQLITE = "sqlite:///"
SUPPORTED = "use sqlite:////absolute/path or postgresql://user@host/database"
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*(?=://)")


def open_store(url: str, org: str, tell: Tell | None = None) -> SqlStore:
    """The store of one org. `tell`: of rows that cannot be read.

    Raises SettingsError for a URL we cannot use, StoreUnavailable for a file we may not.
    """
    if is_postgresql(url):
        engine = postgresql_engine(url)
        return SqlStore(engine, org, own=False, tell=tell, deadline=deadline_of(url))
    path = sqlite_path(url)
    try:
        return SqlStore(sqlite_engine(path), org, own=True, tell=tell)
    except OSError as error:
        raise StoreUnavailable(f"the org store {path} cannot be opened: {error.strerror}") from error


def sqlite_path(url: str) -> Path:
    """The file's absolute path: a relative one would be another store in every folder a session starts in.

    Raises SettingsError.
    """
    scheme = _SCHEME.match(url)
    if not url.startswith(SQLITE):
        named = f"the scheme '{scheme[0]}'" if scheme else "no scheme"
        raise SettingsError(f"HIVEMIND_SKILLOPT_STORE has {named}; {SUPPORTED}")
    path = _expanded(Path(url.removeprefix(SQLITE)))
    if not path.is_absolute():
        raise SettingsError(f"HIVEMIND_SKILLOPT_STORE names no absolute path; {SUPPORTED}")
    return path


def _expanded(path: Path) -> Path:
    """`~` for the user's home; a `~name` that nobody has stays as it is, and is refused as relative."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path
