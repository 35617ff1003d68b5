"""The outbox: rows for the org store, sent at least once, idempotent by id, in the order they were made."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, func, insert, select

from hivemind_skillopt.model import Attribution, Invocation, Proposal, Record, Verdict
from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.schema import outbox
from hivemind_skillopt.state.values import dump, load

KINDS: dict[str, type[Record]] = {kind.__name__: kind for kind in (Attribution, Invocation, Proposal, Verdict)}


class Outbox:
    """A table of state.db: a store that is down costs nothing but delay."""

    def __init__(self, database: Database, store_id: str) -> None:
        self._database = database
        self._store_id = store_id

    def add(self, *records: Record) -> None:
        """Queue rows for the org store of this process."""
        rows = [
            {"store_id": self._store_id, "kind": type(record).__name__, "payload": dump(record)} for record in records
        ]
        if rows:
            with self._database.transaction() as connection:
                connection.execute(insert(outbox), rows)

    def first(self, limit: int = 200) -> tuple[list[int], list[Record]]:
        """The oldest rows for this store, with the numbers to delete them by."""
        found = select(outbox).where(outbox.c.store_id == self._store_id).order_by(outbox.c.seq).limit(limit)
        with self._database.transaction() as connection:
            rows = connection.execute(found).all()
        return [row.seq for row in rows], [load(KINDS[row.kind], row.payload) for row in rows]

    def sent(self, numbers: Sequence[int]) -> None:
        """These have arrived."""
        with self._database.transaction() as connection:
            connection.execute(delete(outbox).where(outbox.c.seq.in_(numbers)))

    def count(self) -> int:
        """Rows waiting, for any store."""
        with self._database.transaction() as connection:
            return connection.scalar(select(func.count()).select_from(outbox)) or 0
