"""A store that the schema before change numbers really made (its SQL beside this file), brought up to date."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text

from hivemind_skillopt.model import Annotation, Outcome, Policy
from hivemind_skillopt.sqlite_engine import sqlite_engine
from hivemind_skillopt.store.engine import open_store
from hivemind_skillopt.store.schema import metadata
from hivemind_skillopt.store.sql import SqlStore
from tests.postgres import Postgres
from tests.store.values import DEPLOY, LINT, NOON, publication

OLD = (Path(__file__).parent / "schema_of_0_1.sql").read_text()

AS_IT_WAS = """
    ALTER TABLE skills DROP COLUMN change; DROP TABLE org_changes, policies, annotations;
    CREATE TABLE annotations (
        seq SERIAL PRIMARY KEY, org TEXT, id TEXT, invocation_id TEXT, name TEXT, author TEXT, outcome TEXT, note TEXT,
        annotated_by TEXT, annotated_at BIGINT);
    CREATE TABLE policies (
        seq SERIAL PRIMARY KEY, org TEXT, name TEXT, author TEXT, policy TEXT, set_by TEXT, set_at BIGINT);
    INSERT INTO policies (org, name, author, policy, set_by, set_at)
        VALUES ('acme', 'deploy', 'alice', 'locked', 'bob', 1);
    DELETE FROM schema_migrations WHERE name = 'm003_change_numbers'
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "store.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(OLD)
    connection.close()
    return path


@pytest.fixture
def stores(file: Path) -> Iterator[tuple[SqlStore, SqlStore]]:
    opened = open_store(f"sqlite:///{file}", "acme"), open_store(f"sqlite:///{file}", "zeta")
    yield opened
    for store in opened:
        store.close()


def shape(engine: Engine, table: str) -> object:
    """What matters of a table: columns, primary key, unique constraints and indexes, foreign keys."""
    look = inspect(engine)
    columns = sorted((column["name"], str(column["type"]), column["nullable"]) for column in look.get_columns(table))
    indexes = sorted(
        (str(one["name"]), tuple(one["column_names"]), bool(one["unique"]))
        for one in look.get_indexes(table)
        if not one.get("duplicates_constraint")
    )
    unique = sorted(tuple(one["column_names"]) for one in look.get_unique_constraints(table))
    foreign = sorted((tuple(one["constrained_columns"]), one["referred_table"]) for one in look.get_foreign_keys(table))
    return columns, look.get_pk_constraint(table)["constrained_columns"], indexes, unique, foreign


def test_everything_is_still_there_and_can_be_used(stores: tuple[SqlStore, SqlStore]) -> None:
    acme, zeta = stores
    assert [(change.number, str(change.head.ref), change.head.version, change.policy) for change in acme.changes("bob")]
    changes = {str(change.head.ref): change for change in acme.changes("bob")}
    assert (changes[str(DEPLOY)].head.version, changes[str(DEPLOY)].policy) == (2, Policy.REVIEW)
    assert (changes[str(LINT)].head.version, changes[str(LINT)].policy) == (1, Policy.AUTO)
    assert changes[str(LINT)].number > changes[str(DEPLOY)].number  # its policy was set last
    assert acme.folder(DEPLOY, 2).skill_md.endswith("two é\n".encode())
    assert acme.annotations(["invocation-1"])["invocation-1"].note == "second"
    assert [change.head.version for change in zeta.changes("bob")] == [2]
    assert zeta.policy(DEPLOY) is Policy.LOCKED


def test_numbers_go_on_from_there(stores: tuple[SqlStore, SqlStore]) -> None:
    acme, zeta = stores
    last = acme.changes("bob")[-1].number
    assert acme.changes("bob", since=last) == []
    head = acme.head(DEPLOY)
    assert head
    assert acme.publish(publication("three\n", head.content_sha256)).version == 3
    assert [change.head.version for change in acme.changes("bob", since=last)] == [3]
    acme.set_policy(DEPLOY, Policy.LOCKED, "alice", NOON)
    assert acme.policy(DEPLOY) is Policy.LOCKED
    acme.annotate(Annotation("note-3", "invocation-1", DEPLOY, Outcome.UNCLEAR, "third", "carol", NOON))
    assert acme.annotations(["invocation-1"])["invocation-1"].note == "third"
    assert len(zeta.changes("bob")) == 1


def test_its_schema_is_a_new_ones(stores: tuple[SqlStore, SqlStore], file: Path, tmp_path: Path) -> None:
    stores[0].migrate()
    fresh = open_store(f"sqlite:///{tmp_path}/fresh.db", "acme")
    fresh.migrate()
    fresh.close()
    old, new = sqlite_engine(file), sqlite_engine(tmp_path / "fresh.db")
    assert {table: shape(old, table) for table in metadata.tables} == {
        table: shape(new, table) for table in metadata.tables
    }
    old.dispose()
    new.dispose()


def test_one_from_before_annotations(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.executescript("DROP TABLE annotations; DELETE FROM schema_migrations WHERE name LIKE 'm002%'")
    connection.close()
    store = open_store(f"sqlite:///{file}", "acme")
    assert store.migrate() == ["m002_annotations", "m003_change_numbers", "m004_org_modes"]
    assert store.annotations(["invocation-1"]) == {}
    assert store.policy(DEPLOY) is Policy.REVIEW
    store.close()


def test_the_same_on_postgresql(postgres: Postgres) -> None:
    """No release had such a store; the step is the same."""
    url = postgres.new_database()
    store = open_store(url, "acme")
    store.migrate()
    one = store.publish(publication("one\n"))
    store.publish(publication("two\n", one.content_sha256, published_at=NOON + 1))
    with store._engine.begin() as connection:
        for statement in AS_IT_WAS.split(";"):
            connection.execute(text(statement))
    store.close()
    store = open_store(url, "acme")
    assert store.migrate() == ["m003_change_numbers"]
    assert [(change.head.version, change.policy) for change in store.changes("bob")] == [(2, Policy.LOCKED)]
    store.set_policy(DEPLOY, Policy.AUTO, "bob", NOON)
    assert store.publish(publication("three\n", store.history(DEPLOY)[-1].content_sha256)).version == 3
    other = open_store(postgres.new_database(), "acme")
    other.migrate()
    for table in metadata.tables:
        assert shape(store._engine, table) == shape(other._engine, table)
    store.close()
    other.close()
