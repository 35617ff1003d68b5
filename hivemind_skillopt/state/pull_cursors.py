"""How far each harness home has come in the org store's change numbers."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.schema import pull_cursors


@dataclass(frozen=True, slots=True)
class Cursor:
    """Everything up to change `number` was looked at, and is here or was left out on purpose, but for `waiting`.

    `mark` says what that change was, so that a store that was replaced is noticed. `waiting`: the numbers of what
    failed, was in the way or is pinned; they are asked for again at each pull.
    """

    number: int = 0
    mark: str = ""
    waiting: tuple[int, ...] = ()


class PullCursors:
    """By harness home, for one org store and one user: another user sees other skills."""

    def __init__(self, database: Database, store_id: str, user: str) -> None:
        self._database = database
        self._whose = (pull_cursors.c.store_id == store_id, pull_cursors.c.user == user)
        self._key = {"store_id": store_id, "user": user}

    def get(self, home: str) -> Cursor:
        """At the beginning where nothing is known."""
        with self._database.transaction() as connection:
            found = select(pull_cursors).where(*self._whose, pull_cursors.c.home == home)
            row = connection.execute(found).first()
        return Cursor(row.number, row.mark, tuple(json.loads(row.waiting))) if row else Cursor()

    def put(self, home: str, cursor: Cursor) -> None:
        """Replace it."""
        row = {"number": cursor.number, "mark": cursor.mark, "waiting": json.dumps(cursor.waiting)}
        with self._database.transaction() as connection:
            connection.execute(delete(pull_cursors).where(*self._whose, pull_cursors.c.home == home))
            connection.execute(insert(pull_cursors), {**self._key, "home": home, **row})
