"""The tables of state.db. Numbered migrations; `user_version` of the file says how many were applied."""

from __future__ import annotations

import json
from collections.abc import Callable

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    cast,
    func,
    insert,
    inspect,
    select,
    update,
)

from hivemind_skillopt.errors import StateUnavailable

metadata = MetaData()

events = Table(
    "events",
    metadata,
    Column("id", Text, primary_key=True),
    Column("seen_at", BigInteger, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("harness", Text, nullable=False),
    Column("session_id", Text, nullable=False),
    Column("first_seen_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("harness", "session_id"),
)

windows = Table(
    "windows",
    metadata,
    Column("id", Text, primary_key=True),
    Column("harness", Text, nullable=False),
    Column("session_id", Text, nullable=False),
    Column("store_id", Text, nullable=False),
    Column("home", Text, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("closed", Text),
    Column("value", Text, nullable=False),
    Index("windows_by_session", "harness", "session_id", "closed"),
)

reactions = Table(
    "reactions",
    metadata,
    Column("id", Text, nullable=False),
    Column("window_id", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("text", Text),
    Column("job_id", Text),
    PrimaryKeyConstraint("id", "window_id"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("window_id", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("not_before", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("rounds", Integer, nullable=False),
    Column("last_error", Text, nullable=False),
    Column("verdict", Text),
    Column("proposal", Text),
    Index("jobs_by_status", "status", "not_before"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("store_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("bytes", Integer, nullable=False, server_default="0"),
    Column("at", BigInteger, nullable=False, server_default="0"),
    Index("outbox_by_store", "store_id", "seq", "at"),
    Index("outbox_by_kind", "kind", "seq", "bytes"),
)
"""`bytes`: of the payload; `at`: when it happened. The indexes hold all that is asked but the payloads."""

refused_rows = Table(
    "refused_rows",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("store_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("why", Text, nullable=False),
)
"""Rows that the org store refused for good, or that this program cannot read."""

calls = Table(
    "calls",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("role", Text, nullable=False),
    Column("scorer", Text),
    Column("model", Text),
    Column("input_tokens", Integer),
    Column("output_tokens", Integer),
    Column("cost_usd", Float),
    Column("skill", Text, nullable=False, server_default=""),
    Column("session", Text, nullable=False, server_default=""),
    Index("calls_by_day", "at"),
)

manifest = Table(
    "manifest",
    metadata,
    Column("store_id", Text, nullable=False),
    Column("harness", Text, nullable=False),
    Column("home", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("content_sha256", Text, nullable=False),
    Column("folder", Text, nullable=False),
    Column("link", Text, nullable=False),
    Column("from_generation", Integer, nullable=False),
    Column("to_generation", Integer),
    Index("manifest_now", "home", "name", "author", "to_generation"),
)

HERE = manifest.c.to_generation.is_(None)
"""What is pulled now."""

MANIFEST_INDEXES = (
    Index("manifest_here", manifest.c.name, manifest.c.author, manifest.c.home, sqlite_where=HERE),
    Index("manifest_folders", manifest.c.folder, sqlite_where=HERE),
    Index("manifest_from", manifest.c.from_generation),
    Index("manifest_to", manifest.c.to_generation),
)

unpulled = Table(
    "unpulled",
    metadata,
    Column("home", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("author", Text, nullable=False),
    PrimaryKeyConstraint("home", "name", "author"),
)
"""What a person has taken out; a retired skill's entry ends, too, but stands not here."""

pull_cursors = Table(
    "pull_cursors",
    metadata,
    Column("store_id", Text, nullable=False),
    Column("home", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("mark", Text, nullable=False),
    Column("waiting", Text, nullable=False),
    PrimaryKeyConstraint("store_id", "home", "user"),
)

pins = Table(
    "pins",
    metadata,
    Column("store_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    PrimaryKeyConstraint("store_id", "name", "author"),
)

installs = Table(
    "installs",
    metadata,
    Column("harness", Text, nullable=False),
    Column("home", Text, nullable=False),
    Column("installed_at", BigInteger, nullable=False),
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("harness", "home"),
)

notes = Table(
    "notes",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)


def m001_first(connection: Connection) -> None:
    """Everything above."""
    metadata.create_all(connection)


def m002_several_files(connection: Connection) -> None:
    """An installation is several files; before, it was the one of Claude Code."""
    for row in connection.execute(select(installs)).all():
        value = json.loads(row.value)
        if "files" not in value:
            value["files"] = [{"path": value.pop("file"), "before": value.pop("before"), "after": value.pop("after")}]
            here = (installs.c.harness == row.harness, installs.c.home == row.home)
            connection.execute(update(installs).where(*here).values(value=json.dumps(value)))


def m003_pull(connection: Connection) -> None:
    """Cursors, pins, and what was unpulled, which the manifest alone said before. A new file has the tables already."""
    for table in (unpulled, pull_cursors, pins):
        table.create(connection, checkfirst=True)
    for index in MANIFEST_INDEXES:
        index.create(connection, checkfirst=True)
    place = (manifest.c.home, manifest.c.name, manifest.c.author)
    ended = select(*place).group_by(*place).having(func.count() == func.count(manifest.c.to_generation))
    connection.execute(insert(unpulled).from_select(list(unpulled.c), ended))


HAPPENED = ("started_at", "invoked_at", "judged_at", "proposed_at")
"""The time of each kind of record."""


def m004_bounded_outbox(connection: Connection) -> None:
    """How large and how old its rows are, and a place for those that nobody takes. A new file has all of it."""
    refused_rows.create(connection, checkfirst=True)
    if "bytes" not in {column["name"] for column in inspect(connection).get_columns(outbox.name)}:
        for column in ("bytes INTEGER DEFAULT 0 NOT NULL", "at BIGINT DEFAULT 0 NOT NULL"):
            connection.exec_driver_sql(f"ALTER TABLE outbox ADD COLUMN {column}")
        happened = [func.json_extract(outbox.c.payload, f"$.{name}") for name in HAPPENED]
        measured = {"bytes": func.length(cast(outbox.c.payload, LargeBinary)), "at": func.coalesce(*happened, 0)}
        connection.execute(update(outbox).values(measured))
    for index in outbox.indexes:
        index.create(connection, checkfirst=True)


def m005_whose_calls(connection: Connection) -> None:
    """For which skill, in which session. A new file has all of it."""
    if "skill" not in {column["name"] for column in inspect(connection).get_columns(calls.name)}:
        for column in ("skill", "session"):
            connection.exec_driver_sql(f"ALTER TABLE calls ADD COLUMN {column} TEXT DEFAULT '' NOT NULL")
    for index in calls.indexes:
        index.create(connection, checkfirst=True)


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (
    m001_first,
    m002_several_files,
    m003_pull,
    m004_bounded_outbox,
    m005_whose_calls,
)


def upgrade(connection: Connection) -> None:
    """Apply what is missing, inside the caller's transaction. Raises StateUnavailable."""
    applied = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
    if applied > len(MIGRATIONS):
        raise StateUnavailable("state.db was written by a newer hivemind-skillopt; upgrade this one")
    for migration in MIGRATIONS[applied:]:
        migration(connection)
    if applied < len(MIGRATIONS):
        connection.exec_driver_sql(f"PRAGMA user_version={len(MIGRATIONS)}")
