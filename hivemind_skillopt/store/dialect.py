"""INSERT .. ON CONFLICT of many rows: the one thing that SQLAlchemy Core has per dialect. It means the same in both.

SQLite's driver runs a statement for each row. PostgreSQL takes them all as one JSON value in one statement: with a
parameter for each cell, `executemany` costs the client more than the insert costs the server.

Only the dialect that is used is imported.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING

from sqlalchemy import JSON, ColumnElement, Connection, Table, Text, bindparam, cast, func, literal_column, select

from hivemind_skillopt.store.rows import Row

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

    Insert = sqlite.Insert | postgresql.Insert

ROWS = "all_rows"
"""The parameter for all rows as one JSON value."""


@dataclass(frozen=True, eq=False)
class Replace:
    """Where the primary key is there and `where` holds for the old row, these columns become the new row's."""

    columns: tuple[str, ...]
    where: ColumnElement[bool]


def add_missing(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows whose primary key is not there yet."""
    _add(connection, table, rows, None)


def add_or_replace(connection: Connection, table: Table, rows: Sequence[Row], replace: Replace) -> None:
    """Insert the rows, or replace. Rows with the same key come one after the other, in their order."""
    for wave in _waves(table, rows):
        _add(connection, table, wave, replace)


def insert_into(connection: Connection, table: Table) -> Insert:
    """To be given its ON CONFLICT."""
    return _insert(connection.dialect.name, table)


def _insert(dialect: str, table: Table) -> Insert:
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)


def _add(connection: Connection, table: Table, rows: Sequence[Row], replace: Replace | None) -> None:
    if not rows:
        return
    if connection.dialect.name == "postgresql" and not any(isinstance(cell, bytes) for cell in rows[0].values()):
        from pydantic_core import to_json

        as_one = _of_all_rows(table, tuple(rows[0]), replace)
        connection.execute(as_one, {ROWS: to_json(rows).decode()})
    else:
        connection.execute(_of_each_row(connection.dialect.name, table, replace), list(rows))


@cache
def _of_each_row(dialect: str, table: Table, replace: Replace | None) -> Insert:
    """Like the next one made once: SQLAlchemy takes as long to make one as the server to insert a hundred rows."""
    return _or_replace(_insert(dialect, table), table, replace)


@cache
def _of_all_rows(table: Table, names: tuple[str, ...], replace: Replace | None) -> Insert:
    as_json = cast(bindparam(ROWS, type_=Text), JSON)
    found = func.json_populate_recordset(literal_column(f"NULL::{table.name}"), as_json).table_valued(*names, name="r")
    return _or_replace(_insert("postgresql", table).from_select(names, select(*found.c)), table, replace)


def _or_replace(new: Insert, table: Table, replace: Replace | None) -> Insert:
    key = list(table.primary_key)
    if replace is None:
        return new.on_conflict_do_nothing(index_elements=key)
    set_ = {name: new.excluded[name] for name in replace.columns}
    return new.on_conflict_do_update(index_elements=key, set_=set_, where=replace.where)


def _waves(table: Table, rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """In each one a key stands once: PostgreSQL does not touch a row twice in one statement."""
    key_of = itemgetter(*(column.name for column in table.primary_key))
    waves: list[dict[object, Row]] = []
    for row in rows:
        key = key_of(row)
        wave = next((wave for wave in waves if key not in wave), None)
        if wave is None:
            waves.append(wave := {})
        wave[key] = row
    return (list(wave.values()) for wave in waves)
