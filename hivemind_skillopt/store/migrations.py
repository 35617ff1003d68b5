"""Numbered migrations of the org store; the names of those that were applied stand in `schema_migrations`."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, insert, select

from hivemind_skillopt.errors import StoreTooNew
from hivemind_skillopt.store.schema import annotation_table, metadata, schema_migrations


def m001_first(connection: Connection) -> None:
    """All tables. Before the first migration that changes one, freeze a copy of today's tables here."""
    metadata.create_all(connection)


def m002_annotations(connection: Connection) -> None:
    """What people say of invocations. A store that m001 has just made has the table already."""
    annotation_table.create(connection, checkfirst=True)


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (m001_first, m002_annotations)
"""In the order of their numbers. Only ever appended to."""


def migrate(connection: Connection) -> None:
    """Apply what is missing, all or nothing, inside the caller's transaction. Raises StoreTooNew.

    The transaction must be the only one that migrates. On SQLite its BEGIN IMMEDIATE sees to that; where a
    transaction does not lock by itself, an advisory lock is the first statement, before the names are read.
    """
    schema_migrations.create(connection, checkfirst=True)
    applied = set(connection.scalars(select(schema_migrations.c.name)))
    _refuse_newer(applied)
    for migration in MIGRATIONS:
        if migration.__name__ not in applied:
            migration(connection)
            connection.execute(insert(schema_migrations), {"name": migration.__name__})


def _refuse_newer(applied: set[str]) -> None:
    unknown = sorted(applied - {migration.__name__ for migration in MIGRATIONS})
    if unknown:
        raise StoreTooNew(f"the org store was changed by a newer hivemind-skillopt ({unknown[-1]}); upgrade this one")
