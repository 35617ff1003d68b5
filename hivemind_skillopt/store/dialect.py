"""INSERT .. ON CONFLICT: the one thing that SQLAlchemy Core has per dialect. The shape is the same in both."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import ColumnElement, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from hivemind_skillopt.store.rows import Row

Insert = sqlite.Insert | postgresql.Insert

INSERTS: dict[str, Callable[[Table], Insert]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def add_missing(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows whose primary key is not there yet."""
    statement = insert_into(connection, table).on_conflict_do_nothing(index_elements=list(table.primary_key))
    _each(connection, statement, rows)


def add_or_replace(
    connection: Connection, table: Table, rows: Sequence[Row], columns: Sequence[str], where: ColumnElement[bool]
) -> None:
    """Insert the rows; where the primary key is there and `where` holds for the old row, replace `columns`."""
    statement = insert_into(connection, table)
    replaced = statement.on_conflict_do_update(
        index_elements=list(table.primary_key),
        set_={name: statement.excluded[name] for name in columns},
        where=where,
    )
    _each(connection, replaced, rows)


def insert_into(connection: Connection, table: Table) -> Insert:
    """To be given its ON CONFLICT."""
    return INSERTS[connection.dialect.name](table)


def _each(connection: Connection, statement: Insert, rows: Sequence[Row]) -> None:
    """The driver's `executemany`, which sends one after the other without waiting for answers in between: rows with
    the same key are no conflict within one statement, and come in their order."""
    if rows:
        connection.execute(statement, list(rows))
