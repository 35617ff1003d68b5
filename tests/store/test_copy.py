"""`store copy`: there and back the same, refused where it would mix, gone on with after a kill."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text, update

from hivemind_skillopt.errors import NotFound, StoreError, StoreTooNew, StoreTooOld
from hivemind_skillopt.store.copy import BATCH_ROWS, StoreCopy, copy_store, plan_copy
from hivemind_skillopt.store.engine import open_engine, open_store
from hivemind_skillopt.store.schema import blobs, skills
from hivemind_skillopt.store.snapshot import in_byte_order, snapshot
from tests.postgres import Postgres
from tests.store.copies import Copies, add_session, all_kinds_are_there, fill
from tests.store.values import DEPLOY, NOON, publication

KILLS = 6
"""Two of each."""


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A SQLite store with everything in it; nobody changes it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('full')}/store.db"
    fill(url)
    assert all_kinds_are_there(url)
    return url


@pytest.fixture(scope="module")
def copies() -> Iterator[Copies]:
    with Copies() as made:
        yield made


def quietly(source: str, target: str) -> StoreCopy:
    return copy_store(source, target, lambda *_: None)


def digests(copy: StoreCopy) -> dict[str, str]:
    return {table.name: table.sha256 for table in copy.tables}


def run(url: str, statement: str) -> None:
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_there_and_back(full: str, postgres: Postgres, tmp_path: Path) -> None:
    there, back = postgres.new_database(), f"sqlite:///{tmp_path}/back.db"
    first, second = quietly(full, there), quietly(there, back)
    assert digests(first) == digests(second)
    assert first.sha256 == second.sha256
    assert first.versions == second.versions == 45
    assert all(table.rows == table.missing for table in first.tables)
    assert not any(table.missing for table in quietly(full, there).tables)
    assert not any(table.missing for table in quietly(full, back).tables)
    for url in (there, back):
        store = open_store(url, "Ärzte")
        assert len(store.changes("zoe")) == 5
        assert store.publish(publication("4\n", store.history(DEPLOY)[-1].content_sha256)).version == 4
        store.close()


def test_a_plan_makes_nothing(full: str, postgres: Postgres, tmp_path: Path) -> None:
    there = postgres.new_database()
    plans = [plan_copy(full, there), plan_copy(full, f"sqlite:///{tmp_path}/new/x.db")]
    assert plans[0] == plans[1]
    assert all(table.rows == table.missing > 0 for table in plans[0])
    assert not (tmp_path / "new").exists()
    with pytest.raises(StoreTooOld, match="FROM: the database has no org store yet"):
        plan_copy(there, full)


def test_from_is_not_changed(full: str, tmp_path: Path) -> None:
    file = Path(full.removeprefix("sqlite:///"))
    before = file.read_bytes()
    quietly(full, f"sqlite:///{tmp_path}/copy.db")
    assert file.read_bytes() == before


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_killed_and_gone_on_with(full: str, postgres: Postgres, copies: Copies, tmp_path: Path, kind: str) -> None:
    """At seeded steps all through the half that writes, some twice; then a whole copy ends the same."""
    draw = random.Random(kind)

    def new(name: str) -> str:
        return f"sqlite:///{tmp_path}/{name}.db" if kind == "sqlite" else postgres.new_database()

    steps = copies.copy(full, new("whole"))
    expected = digests(quietly(full, f"sqlite:///{tmp_path}/expected.db"))
    partly = 0
    for number in range(KILLS):
        target = new(str(number))
        copies.copy(full, target, die_at=int(steps * (1 + (number + draw.random()) / KILLS) / 2))
        if number % 2:
            copies.copy(full, target, die_at=draw.randint(2, steps))
        done = quietly(full, target)
        partly += 0 < sum(table.missing for table in done.tables) < sum(table.rows for table in done.tables)
        assert digests(done) == expected
        assert quietly(target, f"sqlite:///{tmp_path}/back{number}.db").sha256 == done.sha256
    assert partly


@pytest.mark.parametrize("org", ["0 comes first", "elsewhere", "\U0010ffff comes last"])
def test_a_store_with_other_rows_is_refused_before_a_row_is_written(full: str, postgres: Postgres, org: str) -> None:
    there = postgres.new_database()
    store = open_store(there, "acme")
    store.migrate()
    store.close()
    add_session(there, org)
    with pytest.raises(StoreError, match=rf"^TO has a row in 'sessions' \({org}, x\) that FROM does not have"):
        quietly(full, there)
    assert [table.rows for table in plan_copy(there, "sqlite:////nowhere/x.db") if table.rows] == [1]


def test_a_row_that_is_another_one_is_refused(full: str, tmp_path: Path) -> None:
    there = f"sqlite:///{tmp_path}/there.db"
    quietly(full, there)
    run(there, "UPDATE proposals SET status = 'rejected' WHERE id = 'proposal-2'")
    with pytest.raises(StoreError, match=r"^TO has a row in 'proposals' \(.*, proposal-2\)"):
        quietly(full, there)


def test_from_may_have_gone_on_meanwhile(postgres: Postgres, tmp_path: Path) -> None:
    source, there = f"sqlite:///{tmp_path}/from.db", postgres.new_database()
    store = open_store(source, "acme")
    one = store.publish(publication("one\n"))
    quietly(source, there)
    store.publish(publication("two\n", one.content_sha256, published_at=NOON + 1))
    done = quietly(source, there)
    assert {table.name: table.missing for table in done.tables if table.missing} == {
        "org_changes": 1, "blobs": 1, "skills": 1, "skill_files": 2,
    }  # fmt: skip
    other = open_store(there, "acme")
    other.set_policy(DEPLOY, other.policy(DEPLOY), "bob", NOON)
    other.close()
    with pytest.raises(StoreError, match="TO has a row in 'org_changes'"):
        quietly(source, there)
    store.close()


def test_damaged_bytes_are_told(tmp_path: Path) -> None:
    source = f"sqlite:///{tmp_path}/from.db"
    store = open_store(source, "acme")
    store.publish(publication("one\n"))
    with store._engine.begin() as connection:
        connection.execute(update(blobs).values(bytes=b"other"))
    store.close()
    with pytest.raises(StoreError, match=r"^TO: the bytes of blob [0-9a-f]{64} are damaged, in FROM too$"):
        quietly(source, f"sqlite:///{tmp_path}/there.db")


def test_a_version_whose_files_are_not_its_own_is_told(tmp_path: Path) -> None:
    source = f"sqlite:///{tmp_path}/from.db"
    store = open_store(source, "acme")
    store.publish(publication("one\n"))
    store.close()
    run(source, "DELETE FROM skill_files WHERE path = 'bin/go.sh'")
    with pytest.raises(StoreError, match=r"the files of deploy--alice v1 \(org acme\) are not what was published"):
        quietly(source, f"sqlite:///{tmp_path}/there.db")


def test_more_rows_than_a_batch(tmp_path: Path, postgres: Postgres) -> None:
    from tests.store.values import invocation

    source, there = f"sqlite:///{tmp_path}/from.db", postgres.new_database()
    store = open_store(source, "acme")
    store.record([invocation(number) for number in range(2 * BATCH_ROWS + 1)])
    store.close()
    told: list[int] = []
    copy_store(source, there, lambda table, done, _: told.append(done) if table == "invocations" else None)
    assert told[0] == BATCH_ROWS
    assert told[-1] == 2 * BATCH_ROWS + 1


def test_what_cannot_be_copied(full: str, postgres: Postgres, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="FROM: there is no such file"):
        quietly(f"sqlite:///{tmp_path}/none.db", postgres.new_database())
    newer = postgres.new_database()
    store = open_store(newer, "acme")
    store.migrate()
    store.close()
    run(newer, "INSERT INTO schema_migrations VALUES ('m999_future')")
    with pytest.raises(StoreTooNew, match=r"^TO: the org store was changed by a newer"):
        quietly(full, newer)
    with pytest.raises(StoreTooNew, match=r"^FROM: the org store was changed by a newer"):
        quietly(newer, full)


def test_text_is_sorted_by_its_bytes_whatever_the_databases_language(full: str, postgres: Postgres) -> None:
    """The test server knows no language but C, so only the statement can be looked at."""
    with snapshot(postgres.new_database()) as there, snapshot(full) as here:
        assert str(in_byte_order(there, skills.c.org)) == 'skills.org COLLATE "C"'
        assert str(in_byte_order(there, skills.c.version)) == str(in_byte_order(here, skills.c.version))
        assert str(in_byte_order(here, skills.c.org)) == "skills.org"
