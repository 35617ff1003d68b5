"""Copy a whole store, all orgs, into another one: SQLite to PostgreSQL and back.

FROM is one read-only snapshot. Rows go over in batches, each a transaction of its own, tables in the order of their
foreign keys. A copy that was cut short is gone on with: what TO has already is compared, not written again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, Table, func, select

from hivemind_skillopt.errors import NotFound, StoreError
from hivemind_skillopt.store import migrations
from hivemind_skillopt.store.dialect import add_missing, insert_into
from hivemind_skillopt.store.engine import is_there, open_engine
from hivemind_skillopt.store.schema import metadata, org_changes
from hivemind_skillopt.store.side_by_side import side_by_side
from hivemind_skillopt.store.snapshot import TABLES, Cells, Digest, canonical, rows, snapshot
from hivemind_skillopt.store.transaction import transaction
from hivemind_skillopt.store.verify import check_copy

BATCH_ROWS, BATCH_BYTES = 500, 4 << 20
"""What one transaction writes at most (a last row may go beyond): the memory that a copy needs."""

Progress = Callable[[str, int, int], None]
"""Told the table, how many of its rows are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class TableCopy:
    """`rows` in FROM; `missing`: what TO does not have yet, or did not have before this copy."""

    name: str
    rows: int
    missing: int
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class StoreCopy:
    """What was copied. `versions`: how many skill versions were computed again from their files, and are right."""

    tables: tuple[TableCopy, ...]
    versions: int

    @property
    def sha256(self) -> str | None:
        """Of the whole store: over the sorted lines `table sha256`. None where nothing was copied yet."""
        if not all(table.sha256 for table in self.tables):
            return None
        lines = sorted(f"{table.name} {table.sha256}\n" for table in self.tables)
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def plan_copy(source_url: str, target_url: str) -> list[TableCopy]:
    """What a copy would do; nothing is made or written.

    Raises SettingsError, NotFound, StoreUnavailable; StoreTooOld and StoreTooNew for either of them; StoreError where
    TO holds rows that FROM does not have. The text says which of them it is about.
    """
    with _source(source_url) as source:
        return _plan(source, target_url)


def copy_store(source_url: str, target_url: str, progress: Progress) -> StoreCopy:
    """Make TO hold what FROM holds, and see that it does. Raises as `plan_copy`; StoreError where it does not."""
    with _source(source_url) as source:
        plan = _plan(source, target_url)
        with _about("TO"):
            engine = open_engine(target_url)
        try:
            with _about("TO"), transaction(engine, None) as connection:
                migrations.migrate(connection)
            tables = tuple(_copy_table(source, engine, target_url, one, progress) for one in plan)
        finally:
            engine.dispose()
    with _about("TO"), snapshot(target_url) as target:
        versions = check_copy(target, {table.name: table.sha256 for table in tables})
    return StoreCopy(tables, versions)


@contextmanager
def _source(url: str) -> Iterator[Connection]:
    if not is_there(url):
        raise NotFound("FROM: there is no such file")
    with ExitStack() as stack:
        with _about("FROM"):
            source = stack.enter_context(snapshot(url))
            migrations.check(source)
        yield source


@contextmanager
def _about(side: str) -> Iterator[None]:
    """An error that could be of either store says of which."""
    try:
        yield
    except StoreError as error:
        raise type(error)(f"{side}: {error}") from error


def _plan(source: Connection, target_url: str) -> list[TableCopy]:
    if not is_there(target_url):
        return [_uncopied(source, table) for table in TABLES]
    with ExitStack() as stack:
        with _about("TO"):
            target = stack.enter_context(snapshot(target_url))
            schema = migrations.read_schema(target)
            if not schema.made:
                return [_uncopied(source, table) for table in TABLES]
            schema.refuse_unusable()
        return [_compared(source, target, table) for table in TABLES]


def _uncopied(source: Connection, table: Table) -> TableCopy:
    count = _count(source, table)
    return TableCopy(table.name, count, count)


def _compared(source: Connection, target: Connection, table: Table) -> TableCopy:
    if not _count(target, table):
        return _uncopied(source, table)
    count = missing = 0
    for _, done in side_by_side(source, target, table):
        count, missing = count + 1, missing + (not done)
    return TableCopy(table.name, count, missing)


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def _copy_table(source: Connection, engine: Engine, url: str, plan: TableCopy, progress: Progress) -> TableCopy:
    table = metadata.tables[plan.name]
    if plan.missing == plan.rows:
        with closing(rows(source, table)) as found:
            return _write(table, engine, ((cells, False) for cells in found), plan, progress)
    with snapshot(url) as target, closing(side_by_side(source, target, table)) as pairs:
        return _write(table, engine, pairs, plan, progress)


def _write(
    table: Table, engine: Engine, pairs: Iterator[tuple[Cells, bool]], plan: TableCopy, progress: Progress
) -> TableCopy:
    digest, batch, size = Digest(), [], 0
    for cells, done in pairs:
        line = canonical(cells)
        digest.add(line)
        if not done:
            batch.append(cells)
            size += len(line)
        if len(batch) >= BATCH_ROWS or size >= BATCH_BYTES:
            _flush(table, engine, batch)
            batch, size = [], 0
        if not batch:
            progress(table.name, digest.rows, plan.rows)
    _flush(table, engine, batch)
    progress(table.name, digest.rows, digest.rows)
    return TableCopy(table.name, digest.rows, plan.missing, digest.sha256)


def _flush(table: Table, engine: Engine, batch: Sequence[Cells]) -> None:
    if not batch:
        return
    named = [dict(zip(table.c.keys(), cells, strict=True)) for cells in batch]
    with transaction(engine, None, f"copying stopped in '{table.name}'; run it again to go on") as connection:
        if table is org_changes:
            number = insert_into(connection, table)
            raised = {"last": number.excluded["last"]}
            connection.execute(number.on_conflict_do_update(index_elements=list(table.primary_key), set_=raised), named)
        else:
            add_missing(connection, table, named)
