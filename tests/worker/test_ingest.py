"""Many rows through the outbox: what they cost in statements. What they cost in time is measured by bench/ingest.py."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, event

from bench.ingest import make_rows, through_the_outbox
from hivemind_skillopt.model import Attribution, Verdict
from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.outbox import BATCH, Outbox
from hivemind_skillopt.store.engine import open_store
from tests.postgres import Postgres

BATCHES = 3
INSERTS = 4 + 1
"""One for each table, and one for an invocation's better version."""


@contextmanager
def inserts() -> Iterator[list[str]]:
    """What PostgreSQL is sent meanwhile."""
    sent = list[str]()

    def note(
        connection: Connection, _cursor: object, statement: str, values: object, _context: object, many: bool
    ) -> None:
        if connection.dialect.name == "postgresql" and statement.startswith("INSERT"):
            sent.extend([statement] * (len(values) if many else 1))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_a_batch_is_a_few_statements_however_many_its_rows(postgres: Postgres, tmp_path: Path) -> None:
    url, rows = postgres.new_database(), make_rows(BATCHES * BATCH - 100)
    with closing(open_store(url, "acme")) as store:
        store.migrate()
        database = Database(tmp_path / "state.db")
        box = Outbox(database, "bench")
        box.add(*rows)
        with inserts() as sent:
            through_the_outbox(url, database)
        assert box.count() == 0
        assert 0 < len(sent) <= BATCHES * INSERTS
        assert {row.id for row in store.attributions(9999)} == {row.id for row in rows if isinstance(row, Attribution)}
        assert {row.id for row in store.verdicts(None, 9999)} == {row.id for row in rows if isinstance(row, Verdict)}
        database.close()
