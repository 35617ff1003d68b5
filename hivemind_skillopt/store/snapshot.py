"""A whole store as it was at one instant: read only, row by row in one order on every engine.

The order is the primary key's, text by its bytes: PostgreSQL would sort by its language.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from sqlalchemy import (
    URL,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Select,
    Table,
    Text,
    collate,
    create_engine,
    event,
    select,
    text,
)
from sqlalchemy.engine.interfaces import DBAPIConnection

from hivemind_skillopt.store.engine import sqlite_path
from hivemind_skillopt.store.postgresql_engine import postgresql_engine
from hivemind_skillopt.store.schema import metadata, schema_migrations
from hivemind_skillopt.store.transaction import transaction
from hivemind_skillopt.store_url import is_postgresql

Cells = tuple[object, ...]
"""A row's values in the order of the schema's columns."""

TABLES = tuple(table for table in metadata.sorted_tables if table is not schema_migrations)
"""What a store holds, in the order of the foreign keys. Which migrations made it is not of its content."""

PAGE = {"blobs": 8, "skills": 64}
"""Rows held in memory at a time; their files and bodies may have 1 MiB each. Of other tables OTHER_PAGE."""
OTHER_PAGE = 500


class Digest:
    """sha256 over `ascii()` of each row's tuple and a line feed: the same text on every engine and platform."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.rows = 0

    def add(self, line: bytes) -> None:
        """One row, as `canonical` has it."""
        self._hash.update(line)
        self.rows += 1

    @property
    def sha256(self) -> str:
        """Of the rows so far."""
        return self._hash.hexdigest()


@contextmanager
def snapshot(url: str) -> Iterator[Connection]:
    """One read-only transaction; others may write meanwhile. Raises SettingsError, StoreUnavailable."""
    engine = _postgresql(url) if is_postgresql(url) else _sqlite(url)
    try:
        named = "the store" if is_postgresql(url) else sqlite_path(url)
        with transaction(engine, None, f"{named} cannot be read") as reading:
            yield reading
    finally:
        engine.dispose()


def rows(connection: Connection, table: Table) -> Generator[Cells, None, None]:
    """All of them, streamed."""
    found = select(table).order_by(*(in_byte_order(connection, column) for column in table.primary_key))
    page = PAGE.get(table.name, OTHER_PAGE)
    yield from streamed(connection, found, page)


def streamed(connection: Connection, found: Select[Any], page: int) -> Generator[Cells, None, None]:
    """Its rows, `page` of them in memory. To be closed by whoever does not read all of them."""
    with connection.execute(found, execution_options={"yield_per": page}) as result:
        for row in result:
            yield tuple(row)


def in_byte_order(connection: Connection, column: Column[Any]) -> ColumnElement[Any]:
    """To sort by."""
    if connection.dialect.name == "sqlite" or not isinstance(column.type, Text):
        return column
    return collate(column, "C")


def canonical(cells: Sequence[object]) -> bytes:
    """A row's line."""
    return ascii(tuple(cells)).encode() + b"\n"


def _postgresql(url: str) -> Engine:
    engine = postgresql_engine(url)
    event.listen(engine, "begin", lambda connection: connection.execute(text("SET LOCAL statement_timeout = 0")))
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _sqlite(url: str) -> Engine:
    """Not as `sqlite_engine` opens it: that one makes a missing file, and keeps writers out."""
    file = f"file:{quote(str(sqlite_path(url)))}"
    engine = create_engine(URL.create("sqlite", database=file, query={"mode": "ro", "uri": "true"}))
    event.listen(engine, "connect", _leave_transactions_to_us)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def _leave_transactions_to_us(connection: DBAPIConnection, _record: object) -> None:
    connection.isolation_level = None
