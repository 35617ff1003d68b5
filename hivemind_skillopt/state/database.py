"""state.db: one SQLite file, WAL, 0600. Every step of the worker is one transaction here."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError, OperationalError

from hivemind_skillopt.errors import StateUnavailable
from hivemind_skillopt.sqlite_engine import sqlite_engine
from hivemind_skillopt.state.schema import upgrade


class Database:
    """The engine, and one transaction per thread at a time. Raises StateUnavailable."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._engine = sqlite_engine(path)
        except OSError as error:
            raise StateUnavailable(f"{path} cannot be opened: {error.strerror}") from error
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
            raise StateUnavailable(f"{self._path} cannot be used: {error.orig}") from error
        finally:
            self._local.connection = None

    def shed(self) -> None:
        """Empty the write-ahead log: erased text would stand there until it is overwritten. Best effort."""
        with self._engine.connect() as connection, suppress(OperationalError):
            driver = connection.connection.dbapi_connection
            if driver is not None:
                driver.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Give the file back."""
        self._engine.dispose()
