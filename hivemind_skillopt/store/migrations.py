"""Numbered migrations of the org store; the names of those that were applied stand in `schema_migrations`."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, func, insert, inspect, select

from hivemind_skillopt.errors import StoreTooNew, StoreTooOld
from hivemind_skillopt.store.number_changes import number_what_is_there
from hivemind_skillopt.store.schema import annotation_table, metadata, org_changes, schema_migrations, skills


def m001_first(connection: Connection) -> None:
    """All tables. Before the first migration that changes one, freeze a copy of today's tables here."""
    metadata.create_all(connection)


def m002_annotations(connection: Connection) -> None:
    """What people say of invocations. A store that m001 has just made has the table already."""
    annotation_table.create(connection, checkfirst=True)


def m003_change_numbers(connection: Connection) -> None:
    """Numbers for what was written without one, in the order in which it was. A new store has its columns already."""
    if "change" not in {column["name"] for column in inspect(connection).get_columns(skills.name)}:
        org_changes.create(connection, checkfirst=True)
        number_what_is_there(connection)


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (m001_first, m002_annotations, m003_change_numbers)
"""In the order of their numbers. Only ever appended to."""


LOCK = 0x736B696C6C6F7074
"""Our advisory lock in a PostgreSQL database: "skillopt"."""


def migrate(connection: Connection) -> list[str]:
    """Apply what is missing, all or nothing, inside the caller's transaction; their names. Raises StoreTooNew.

    The transaction must be the only one that migrates. SQLite's BEGIN IMMEDIATE sees to that by itself; in PostgreSQL
    others wait for our lock, and then find nothing to do.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
    schema_migrations.create(connection, checkfirst=True)
    missing = _missing(set(connection.scalars(select(schema_migrations.c.name))))
    for migration in missing:
        migration(connection)
        connection.execute(insert(schema_migrations), {"name": migration.__name__})
    return [migration.__name__ for migration in missing]


def check(connection: Connection) -> None:
    """Only look. Raises StoreTooNew, StoreTooOld."""
    if not inspect(connection).has_table(schema_migrations.name):
        raise StoreTooOld("the database has no org store yet; make it once: `hivemind-skillopt store init`")
    if missing := _missing(set(connection.scalars(select(schema_migrations.c.name)))):
        older = f"the org store is older than this hivemind-skillopt (it lacks {missing[-1].__name__})"
        raise StoreTooOld(f"{older}; upgrade it for the whole team: `hivemind-skillopt store migrate`")


def _missing(applied: set[str]) -> list[Callable[[Connection], None]]:
    _refuse_newer(applied)
    return [migration for migration in MIGRATIONS if migration.__name__ not in applied]


def _refuse_newer(applied: set[str]) -> None:
    unknown = sorted(applied - {migration.__name__ for migration in MIGRATIONS})
    if unknown:
        raise StoreTooNew(f"the org store was changed by a newer hivemind-skillopt ({unknown[-1]}); upgrade this one")
