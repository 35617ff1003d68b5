"""Open the org store that a URL names. Nothing is connected and no schema is touched before the first use.

A SQLite file is this machine's own; what other machines reach is PostgreSQL, or speaks like it.
"""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import Engine

from hivemind_skillopt.errors import SettingsError, StoreUnavailable
from hivemind_skillopt.sqlite_engine import sqlite_engine
from hivemind_skillopt.store.deadline import SECONDS
from hivemind_skillopt.store.postgresql_engine import deadline_of, postgresql_engine
from hivemind_skillopt.store.rows import Tell
from hivemind_skillopt.store.sql import SqlStore
from hivemind_skillopt.store_url import is_postgresql

SQLITE = "sqlite:///"
SUPPORTED = "use sqlite:////absolute/path or postgresql://user@host/database"
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*(?=://)")


def open_store(url: str, org: str, tell: Tell | None = None) -> SqlStore:
    """The store of one org. `tell`: of rows that cannot be read.

    Raises SettingsError for a URL we cannot use, StoreUnavailable for a file we may not.
    """
    shared = is_postgresql(url)
    deadline = deadline_of(url) if shared else SECONDS
    return SqlStore(open_engine(url), org, own=not shared, tell=tell, deadline=deadline)


def open_engine(url: str) -> Engine:
    """The database of all orgs; a SQLite file is made. Raises SettingsError, StoreUnavailable."""
    if is_postgresql(url):
        return postgresql_engine(url)
    path = sqlite_path(url)
    try:
        return sqlite_engine(path)
    except OSError as error:
        raise StoreUnavailable(f"the org store {path} cannot be opened: {error.strerror}") from error


def is_there(url: str) -> bool:
    """Could there be a store? A server is only asked by connecting. Raises SettingsError."""
    return is_postgresql(url) or sqlite_path(url).exists()


def check_url(url: str) -> None:
    """Could such a store be opened? Nothing is connected, made or touched. Raises SettingsError."""
    if is_postgresql(url):
        postgresql_engine(url)
    else:
        sqlite_path(url)


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
