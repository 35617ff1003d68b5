"""Numbered migrations: applied once, all or nothing, and a newer store is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, inspect, select, text

from hivemind_skillopt.errors import StoreTooNew, StoreUnavailable
from hivemind_skillopt.sqlite_engine import sqlite_engine
from hivemind_skillopt.store import migrations
from hivemind_skillopt.store.schema import metadata, schema_migrations, sessions, skills
from hivemind_skillopt.store.sql import SqlStore
from tests.store.values import DEPLOY, publication

ORIGINAL_SKILLS = """
    id name project project_key local_path install source_sessions source_agent scope author contributors
    description trigger_text body version created_at updated_at
"""
ORIGINAL_SESSIONS = """
    id path filename message message_embedding author mime_type size_bytes project description agent
    plugin_version creation_date last_update_date
"""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = sqlite_engine(tmp_path / "store.db")
    yield opened
    opened.dispose()


def applied(engine: Engine) -> list[str]:
    with engine.begin() as connection:
        return list(connection.scalars(select(schema_migrations.c.name)))


def known() -> list[str]:
    return [migration.__name__ for migration in migrations.MIGRATIONS]


def test_a_new_store_has_every_table_and_the_names(engine: Engine) -> None:
    SqlStore(engine, "acme", own=True).migrate()
    assert set(inspect(engine).get_table_names()) == set(metadata.tables)
    assert applied(engine) == known()


def test_names_are_numbered_in_order() -> None:
    assert [name[:5] for name in known()] == [f"m{number:03d}_" for number in range(1, len(known()) + 1)]


def test_the_originals_columns_are_all_there() -> None:
    assert list(skills.c.keys())[:17] == ORIGINAL_SKILLS.split()
    assert list(sessions.c.keys())[:14] == ORIGINAL_SESSIONS.split()


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    store = SqlStore(engine, "acme", own=True)
    store.migrate()
    store.publish(publication())
    store.migrate()
    SqlStore(engine, "acme", own=True).migrate()
    assert applied(engine) == known()
    assert store.head(DEPLOY) is not None


def test_the_first_use_migrates(engine: Engine) -> None:
    assert SqlStore(engine, "acme", own=True).changes("alice") == []
    assert applied(engine) == known()


def test_a_newer_store_is_refused_with_a_clear_line(engine: Engine) -> None:
    SqlStore(engine, "acme", own=True).migrate()
    with engine.begin() as connection:
        connection.execute(schema_migrations.insert(), {"name": "m999_future"})
    expected = r"^the org store was changed by a newer hivemind-skillopt \(m999_future\); upgrade this one$"
    with pytest.raises(StoreTooNew, match=expected):
        SqlStore(engine, "acme", own=True).migrate()
    with pytest.raises(StoreTooNew):
        SqlStore(engine, "acme", own=True).publish(publication())


def test_what_is_missing_is_applied_in_order(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    SqlStore(engine, "acme", own=True).migrate()
    done: list[str] = []

    def m002_column(connection: Connection) -> None:
        done.append("m002")
        connection.execute(text("ALTER TABLE skills ADD COLUMN later TEXT"))

    def m003_more(connection: Connection) -> None:
        done.append("m003")

    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, m002_column, m003_more))
    SqlStore(engine, "acme", own=True).migrate()
    SqlStore(engine, "acme", own=True).migrate()
    assert done == ["m002", "m003"]
    assert applied(engine) == known()


def test_a_migration_that_fails_leaves_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def m002_breaks(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE half (x TEXT)"))
        connection.execute(text("SELECT * FROM no_such_table"))

    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, m002_breaks))
    with pytest.raises(StoreUnavailable, match="no such table"):
        SqlStore(engine, "acme", own=True).migrate()
    assert inspect(engine).get_table_names() == []
