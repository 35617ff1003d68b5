"""Numbered migrations of the org store; the names of those that were applied stand in `schema_migrations`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, inspect, select, text

from hivemind_skillopt.errors import StoreError, StoreTooNew, StoreTooOld
from hivemind_skillopt.store.number_changes import number_what_is_there
from hivemind_skillopt.store.schema import annotation_table, metadata, org_changes, org_modes, schema_migrations, skills


def m001_first(connection: Connection) -> None:
    """All tables as they are today: so a later migration finds in a new store what it would make."""
    metadata.create_all(connection)


def m002_annotations(connection: Connection) -> None:
    """What people say of invocations. A store that m001 has just made has the table already."""
    annotation_table.create(connection, checkfirst=True)


def m003_change_numbers(connection: Connection) -> None:
    """Numbers for what was written without one, in the order in which it was. A new store has its columns already."""
    if "change" not in {column["name"] for column in inspect(connection).get_columns(skills.name)}:
        org_changes.create(connection, checkfirst=True)
        number_what_is_there(connection)


def m004_org_modes(connection: Connection) -> None:
    """The org's mode. A new store has the table already."""
    org_modes.create(connection, checkfirst=True)


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (
    m001_first,
    m002_annotations,
    m003_change_numbers,
    m004_org_modes,
)
"""In the order of their numbers. Only ever appended to."""


LOCK = 0x736B696C6C6F7074
"""Our advisory lock in a PostgreSQL database: "skillopt"."""


@dataclass(frozen=True, slots=True)
class Schema:
    """How far a store's schema is. `made`: is there one at all."""

    made: bool
    applied: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """What this program would apply, in order."""
        return tuple(name for name in _names() if name not in self.applied)

    @property
    def unknown(self) -> tuple[str, ...]:
        """What a newer program has applied."""
        return tuple(sorted(set(self.applied) - set(_names())))

    def refuse_unusable(self) -> None:
        """Raises StoreTooNew, StoreTooOld."""
        self.refuse_newer()
        if not self.made:
            raise StoreTooOld("the database has no org store yet; make it once: `hivemind-skillopt store init`")
        if self.missing:
            older = f"the org store is older than this hivemind-skillopt (it lacks {self.missing[-1]})"
            raise StoreTooOld(f"{older}; upgrade it for the whole team: `hivemind-skillopt store migrate`")

    def refuse_newer(self) -> None:
        """Raises StoreTooNew."""
        if self.unknown:
            newest = self.unknown[-1]
            raise StoreTooNew(f"the org store was changed by a newer hivemind-skillopt ({newest}); upgrade this one")


def migrate(connection: Connection) -> list[str]:
    """Apply what is missing, all or nothing, inside the caller's transaction; their names.

    The transaction must be the only one that migrates. SQLite's BEGIN IMMEDIATE sees to that by itself; in PostgreSQL
    others wait for our lock, and then find nothing to do. Raises StoreTooNew; StoreError for another program's tables.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))  # a large table takes its time, and so do others
        connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
    schema = read_schema(connection)
    schema.refuse_newer()
    schema_migrations.create(connection, checkfirst=True)
    for migration in MIGRATIONS:
        if migration.__name__ in schema.missing:
            migration(connection)
            connection.execute(insert(schema_migrations), {"name": migration.__name__})
    return list(schema.missing)


def check(connection: Connection) -> None:
    """Only look. Raises StoreTooNew, StoreTooOld; StoreError for another program's tables."""
    read_schema(connection).refuse_unusable()


def read_schema(connection: Connection) -> Schema:
    """How far it is. Raises StoreError where tables of another program bear our names."""
    inspector = inspect(connection)
    if inspector.has_table(schema_migrations.name):
        if "name" not in {column["name"] for column in inspector.get_columns(schema_migrations.name)}:
            raise _foreign(schema_migrations.name)
        return Schema(made=True, applied=tuple(sorted(connection.scalars(select(schema_migrations.c.name)))))
    if taken := sorted(metadata.tables.keys() & set(inspector.get_table_names())):
        raise _foreign(taken[0])
    return Schema(made=False)


def _foreign(table: str) -> StoreError:
    return StoreError(
        f"the database has a table '{table}' of another program; give the org store a database of its own"
    )


def _names() -> list[str]:
    return [migration.__name__ for migration in MIGRATIONS]
