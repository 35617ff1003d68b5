"""What a person wants to know of a store, whatever state it is in. Nothing is made, migrated or written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import Connection, Select, Table, func, inspect, select

from hivemind_skillopt.errors import StoreError, StoreTooNew, StoreTooOld, StoreUnavailable
from hivemind_skillopt.settings import without_credentials
from hivemind_skillopt.store.deadline import SECONDS
from hivemind_skillopt.store.engine import is_there, open_engine
from hivemind_skillopt.store.migrations import Schema, read_schema
from hivemind_skillopt.store.schema import metadata, skill_files
from hivemind_skillopt.store.transaction import transaction
from hivemind_skillopt.store_url import is_postgresql

NO_FILE = "the file is not there yet; the first use makes it"
FIRST_USE = "its schema is older than this hivemind-skillopt; the next use brings it up to date"


NONE = Schema(made=False)


class State(StrEnum):
    """How it was found. `foreign`: its tables are another program's."""

    READY = "ready"
    NOT_MADE = "not_made"
    BEHIND = "behind"
    AHEAD = "ahead"
    FOREIGN = "foreign"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """`usable`: can this program work with it as it is; `problem`: one line for a person, '' where all is well.

    `rows`: of the org, by table; empty where the store cannot be read.
    """

    url: str
    state: State
    usable: bool
    problem: str
    server: str = ""
    schema: Schema = NONE
    rows: Mapping[str, int] = field(default_factory=dict)


def look(url: str, org: str) -> StoreFacts:
    """Ask the store. Raises SettingsError for a URL we cannot use; whatever else is wrong stands in the answer."""
    shown, own = without_credentials(url), not is_postgresql(url)
    if not is_there(url):
        return StoreFacts(shown, State.NOT_MADE, usable=True, problem=NO_FILE)
    engine = None
    try:
        engine = open_engine(url)
        with transaction(engine, SECONDS) as connection:
            schema = read_schema(connection)
            state, problem = _judge(schema, own=own)
            usable = state is State.READY or (own and state is not State.AHEAD)
            rows = _count(connection, org)
            return StoreFacts(shown, state, usable, problem, _server(connection), schema, rows)
    except StoreError as error:
        state = State.UNREACHABLE if isinstance(error, StoreUnavailable) else State.FOREIGN
        return StoreFacts(shown, state, usable=False, problem=str(error))
    finally:
        if engine is not None:
            engine.dispose()


def _judge(schema: Schema, *, own: bool) -> tuple[State, str]:
    try:
        schema.refuse_unusable()
    except StoreTooNew as error:
        return State.AHEAD, str(error)
    except StoreTooOld as error:
        return State.BEHIND if schema.made else State.NOT_MADE, FIRST_USE if own else str(error)
    return State.READY, ""


def _server(connection: Connection) -> str:
    """`PostgreSQL 18.4`, `SQLite 3.45.1`."""
    if connection.dialect.name == "sqlite":
        return f"SQLite {connection.scalar(select(func.sqlite_version()))}"
    return " ".join(str(connection.scalar(select(func.version()))).split()[:2])


def _count(connection: Connection, org: str) -> dict[str, int]:
    """Of the tables that are there: an older store has fewer."""
    there = set(inspect(connection).get_table_names())
    tables = [table for table in metadata.sorted_tables if table.name in there and table.name != "schema_migrations"]
    return {table.name: connection.scalar(_rows_of(table, org)) or 0 for table in tables}


def _rows_of(table: Table, org: str) -> Select[int]:
    """`blobs` belong to nobody: those count that the org's versions are made of."""
    if "org" in table.c:
        return select(func.count()).select_from(table).where(table.c.org == org)
    return select(func.count(skill_files.c.sha256.distinct())).where(skill_files.c.org == org)
