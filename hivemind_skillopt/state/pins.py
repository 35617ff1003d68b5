"""Pins: this machine keeps that version of a skill, and pulls leave it there."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, delete, insert, select

from hivemind_skillopt.model import SkillRef
from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.schema import pins


class Pins:
    """The pins of one org store's skills, for all harness homes."""

    def __init__(self, database: Database, store_id: str) -> None:
        self._database = database
        self._store_id = store_id

    def all(self) -> dict[SkillRef, int]:
        """The version of each pinned skill."""
        mine = select(pins).where(pins.c.store_id == self._store_id).order_by(pins.c.name, pins.c.author)
        with self._database.transaction() as connection:
            return {SkillRef(row.name, row.author): row.version for row in connection.execute(mine)}

    def put(self, ref: SkillRef, version: int) -> None:
        """Pin it, or pin it to another version."""
        row = {"store_id": self._store_id, "name": ref.name, "author": ref.author, "version": version}
        with self._database.transaction() as connection:
            connection.execute(delete(pins).where(self._is(ref)))
            connection.execute(insert(pins), row)

    def remove(self, ref: SkillRef) -> None:
        """Pulls move it again."""
        with self._database.transaction() as connection:
            connection.execute(delete(pins).where(self._is(ref)))

    def _is(self, ref: SkillRef) -> ColumnElement[bool]:
        return and_(pins.c.store_id == self._store_id, pins.c.name == ref.name, pins.c.author == ref.author)
