"""state.db: one SQLite file, WAL, 0600. Every step of the worker is one transaction here."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError, DBAPIError

from hivemind_skillopt.errors import StateUnavailable
from hivemind_skillopt.sqlite_engine import sqlite_engine
from hivemind_skillopt.state.schema import upgrade

ADVICE = {
    "SQLITE_NOTADB": "it is damaged: move it away, then run `hivemind-skillopt install` again",
    "SQLITE_CORRUPT": "it is damaged: move it away, then run `hivemind-skillopt install` again",
    "SQLITE_BUSY": "another program holds it; what waits is taken up later",
    "SQLITE_FULL": "make room on the disk; what waits is taken up then",
    "SQLITE_IOERR": "look at the disk; what waits is taken up then",
    "SQLITE_READONLY": "give yourself the right to write it",
    "SQLITE_CANTOPEN": "give yourself the right to write it",
}
"""What to do, by the first two words of SQLite's error name."""


class Database:
    """The engine, and one transaction per thread at a time. Raises StateUnavailable."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._engine = sqlite_engine(path)
        except OSError as error:
            raise StateUnavailable(f"{path} cannot be opened: {error.filename}: {error.strerror}") from error
        self._local = threading.local()
        with self.transaction() as connection:
            upgrade(connection)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Begin, or join the transaction that this thread is in. All of it is committed, or nothing."""
        current: Connection | None = getattr(self._local, "connection", None)
        if current is not None:
            yield current
            return
        try:
            with self._engine.begin() as connection:
                self._local.connection = connection
                yield connection
        except DatabaseError as error:
            raise StateUnavailable(f"{self._path} cannot be used: {_said(error)}") from error
        finally:
            self._local.connection = None

    def shed(self) -> None:
        """Empty the write-ahead log: erased text would stand there until it is overwritten. Best effort."""
        with suppress(DBAPIError, self._engine.dialect.loaded_dbapi.Error), self._engine.connect() as connection:
            driver = connection.connection.dbapi_connection
            if driver is not None:
                driver.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def damage(self) -> str:
        """What SQLite's own check finds wrong with the file, or ''."""
        with self.transaction() as connection:
            found = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one())
        return "" if found == "ok" else f"{self._path} cannot be used: {found}; {ADVICE['SQLITE_CORRUPT']}"

    def close(self) -> None:
        """Give the file back."""
        self._engine.dispose()


def _said(error: DatabaseError) -> str:
    """What SQLite said, and what to do about it."""
    name = getattr(error.orig, "sqlite_errorname", "")
    advice = ADVICE.get("_".join(name.split("_")[:2]), "")
    return f"{error.orig}; {advice}" if advice else str(error.orig)
