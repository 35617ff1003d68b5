"""Small facts: when the worker last ran, what the last pull and sync met, that a pull is due."""

from __future__ import annotations

from sqlalchemy import delete, insert, select

from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.schema import notes

WORKER_PID = "worker_pid"
"""The process that works now, while it holds the lock."""

PULL_DUE = "pull_due"
"""What it is due for: a session that started, a proposal that was published here. Survives a killed worker."""


class Notes:
    """Name to text."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, name: str, value: str) -> None:
        """Replace a note."""
        with self._database.transaction() as connection:
            connection.execute(delete(notes).where(notes.c.name == name))
            connection.execute(insert(notes).values(name=name, value=value))

    def get(self, name: str) -> str:
        """A note, or ''."""
        with self._database.transaction() as connection:
            return connection.scalar(select(notes.c.value).where(notes.c.name == name)) or ""

    def drop(self, name: str, value: str) -> None:
        """Forget a note, unless it says something else by now."""
        with self._database.transaction() as connection:
            connection.execute(delete(notes).where(notes.c.name == name, notes.c.value == value))
