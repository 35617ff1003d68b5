"""Small facts that `status` shows: when the worker last ran, what the last pull and sync met."""

from __future__ import annotations

from sqlalchemy import delete, insert, select

from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.schema import notes


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
