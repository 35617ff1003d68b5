"""INSERT .. ON CONFLICT of many rows: the one thing that SQLAlchemy Core has per dialect. It means the same in both.

SQLite's driver runs a statement for each row. PostgreSQL takes them all as one JSON value in one statement: with a
parameter for each cell, `executemany` costs the client more than the insert costs the server.

Only the dialect that is used is imported.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import JSON, ColumnElement, Connection, Table, Text, cast, func, literal, literal_column, select

from hivemind_skillopt.store.rows import Row

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

    Insert = sqlite.Insert | postgresql.Insert
    Conflict = Callable[[Insert], Insert]


def add_missing(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows whose primary key is not there yet."""
    _add(connection, table, rows, lambda new: new.on_conflict_do_nothing(index_elements=list(table.primary_key)))


def add_or_replace(
    connection: Connection, table: Table, rows: Sequence[Row], columns: Sequence[str], where: ColumnElement[bool]
) -> None:
    """Insert the rows; where the primary key is there and `where` holds for the old row, replace `columns`.

    Rows with the same key come one after the other, in their order.
    """

    def replaced(new: Insert) -> Insert:
        return new.on_conflict_do_update(
            index_elements=list(table.primary_key),
            set_={name: new.excluded[name] for name in columns},
            where=where,
        )

    for wave in _waves(table, rows):
        _add(connection, table, wave, replaced)


def insert_into(connection: Connection, table: Table) -> Insert:
    """To be given its ON CONFLICT."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)


def _add(connection: Connection, table: Table, rows: Sequence[Row], conflict: Conflict) -> None:
    if not rows:
        return
    statement = insert_into(connection, table)
    if connection.dialect.name != "postgresql" or any(isinstance(cell, bytes) for cell in rows[0].values()):
        connection.execute(conflict(statement), list(rows))
        return
    names = list(rows[0])
    as_json = cast(literal(json.dumps(rows), Text), JSON)
    found = func.json_populate_recordset(literal_column(f"NULL::{table.name}"), as_json).table_valued(*names, name="r")
    connection.execute(conflict(statement.from_select(names, select(*found.c))))


def _waves(table: Table, rows: Sequence[Row]) -> Iterator[list[Row]]:
    """In each one a key stands once: PostgreSQL does not touch a row twice in one statement."""
    keys, seen = [column.name for column in table.primary_key], Counter[tuple[object, ...]]()
    waves: list[list[Row]] = []
    for row in rows:
        key = tuple(row[name] for name in keys)
        if seen[key] == len(waves):
            waves.append([])
        waves[seen[key]].append(row)
        seen[key] += 1
    return iter(waves)
