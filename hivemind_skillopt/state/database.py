"""state.db: one SQLite file, WAL, 0600. Every step of the worker is one transaction here."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection

from hivemind_skillopt.sqlite_engine import sqlite_engine
from hivemind_skillopt.state.schema import upgrade


class Database:
    """The engine, and one transaction per thread at a time."""

    def __init__(self, path: Path) -> None:
        self._engine = sqlite_engine(path)
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
        with self._engine.begin() as connection:
            self._local.connection = connection
            try:
                yield connection
            finally:
                self._local.connection = None

    def close(self) -> None:
        """Give the file back."""
        self._engine.dispose()
