"""INSERT .. ON CONFLICT: the one thing that SQLAlchemy Core has per dialect. The shape is the same in both.

Only the dialect that is used is imported.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Connection, Table

from hivemind_skillopt.store.rows import Row

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

    Insert = sqlite.Insert | postgresql.Insert


def add_missing(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows whose primary key is not there yet."""
    statement = insert_into(connection, table).on_conflict_do_nothing(index_elements=list(table.primary_key))
    connection.execute(statement, list(rows))


def add_or_replace(
    connection: Connection, table: Table, row: Row, columns: Sequence[str], where: ColumnElement[bool]
) -> None:
    """Insert the row; where its primary key is there and `where` holds for the old row, replace `columns`."""
    statement = insert_into(connection, table)
    replaced = statement.on_conflict_do_update(
        index_elements=list(table.primary_key),
        set_={name: statement.excluded[name] for name in columns},
        where=where,
    )
    connection.execute(replaced, [row])


def insert_into(connection: Connection, table: Table) -> Insert:
    """To be given its ON CONFLICT."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)
