"""How both of our SQLite files are opened: the org store's default and state.db."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from sqlite3 import OperationalError
from time import sleep

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor

BUSY_MILLISECONDS = 10_000
"""How long a writer waits for another one."""

WAL_PAUSE_MILLISECONDS = 20

PRAGMAS = (
    f"PRAGMA busy_timeout={BUSY_MILLISECONDS}",
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",
    "PRAGMA synchronous=FULL",
)


def sqlite_engine(path: Path) -> Engine:
    """Open (or make) the file: 0600 in a 0700 folder; every transaction takes the write lock at its start."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _create(path)
    engine = create_engine(URL.create("sqlite", database=str(path)))
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _create(path: Path) -> None:
    """Make the file with its mode. One that is there is not touched: closing any descriptor of a file drops all POSIX
    locks that this process has on it, SQLite's too, and then another process removes the write-ahead log."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _prepare(connection: DBAPIConnection, _record: object) -> None:
    """Take transactions away from the driver (SQLAlchemy's documented recipe) and set the pragmas."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    _ensure_wal(cursor)
    cursor.close()


def _ensure_wal(cursor: DBAPICursor) -> None:
    """The mode stays with the file. Switching to it does not wait for other processes' locks, so we do."""
    for _ in range(BUSY_MILLISECONDS // WAL_PAUSE_MILLISECONDS):
        cursor.execute("PRAGMA journal_mode")
        if cursor.fetchall() == [("wal",)]:
            return
        with suppress(OperationalError):
            cursor.execute("PRAGMA journal_mode=WAL")
            continue
        sleep(WAL_PAUSE_MILLISECONDS / 1000)


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
