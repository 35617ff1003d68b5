"""Real processes at one database: n publishers racing on one parent give exactly one n+1 (DESIGN 12).

`SKILLOPT_ROUNDS=50` has all rounds; without it a few.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from hivemind_skillopt.store.engine import open_store
from hivemind_skillopt.store.sql import SqlStore
from tests.postgres import Postgres
from tests.store.pushers import Ended, Pushers
from tests.store.racer import Racers
from tests.store.values import DEPLOY

RACERS = 64
A_FEW = 16
ROUNDS = int(os.environ.get("SKILLOPT_ROUNDS", "5"))
PUSH_ROUNDS = max(1, ROUNDS // 10)
FREE_CONNECTIONS = 8
NO_SQL = re.compile(r"Traceback|SELECT|INSERT|UPDATE |skills_|sqlalche|psycopg|constraint", re.IGNORECASE)

pytestmark = pytest.mark.timeout(ROUNDS * 30 + 300)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/deep/er/store.db"
    made: str = request.getfixturevalue("postgres").new_database()
    return made


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    opened = open_store(url, "acme")
    opened.migrate()
    yield opened
    opened.close()


def starved(url: str, answers: Iterable[str]) -> set[str]:
    """SQLite has no queue: on a busy machine one of 64 may wait its ten seconds in vain, and says so in its line."""
    return {one for one in answers if url.startswith("sqlite") and "database is locked" in one and "\n" not in one}


def test_publishers_racing_on_one_parent_make_one_child(url: str, store: SqlStore) -> None:
    parent = "-"
    with Racers(url, RACERS) as racers:
        for version in range(1, ROUNDS + 1):
            answers = racers.race("push", parent)
            won = f"v{version}"
            assert answers.count(won) == 1, answers
            head = store.head(DEPLOY)
            assert head
            lost = f"ParentMoved: deploy--alice {won} was published by {head.published_by}; pull, then push"
            assert set(answers) - starved(url, answers) == {won, lost}
            assert (head.version, head.published_by) == (version, f"user-{answers.index(won)}")
            assert store.folder(DEPLOY, version).content_sha256 == head.content_sha256
            assert head.parent_sha256 == (None if parent == "-" else parent)
            parent = head.content_sha256
    assert [v.version for v in store.history(DEPLOY)] == list(range(1, ROUNDS + 1))


def test_one_reaction_is_published_once_and_one_proposal_has_one_version(url: str, store: SqlStore) -> None:
    with Racers(url, A_FEW) as racers:
        racers.race("push")
        one = store.history(DEPLOY)[-1]
        answers = racers.race("reaction", one.content_sha256)
        lost = "AlreadyPublished: this reaction has already led to deploy--alice v2"
        assert sorted(answers) == [lost] * (A_FEW - 1) + ["v2"]
        two = store.history(DEPLOY)[-1]
        assert racers.race("proposal", two.content_sha256) == ["v3"] * A_FEW
    assert sorted(row.published_version or 0 for row in store.proposals()) == [2, 3]
    assert len(store.history(DEPLOY)) == 3


def test_many_processes_open_a_new_store_at_once(url: str) -> None:
    with Racers(url, A_FEW) as racers:
        assert racers.race("migrate") == ["migrated"] * A_FEW
        answers = [answer.partition(":")[0] for answer in racers.race("push")]
        assert sorted(answers) == ["ParentMoved"] * (A_FEW - 1) + ["v1"]


def calls(url: str, folder: Path, parent: str) -> list[tuple[dict[str, str], list[str]]]:
    """Everybody pushes a folder of their own, in a home of their own, as the same skill on the same parent."""
    made = []
    for number in range(RACERS):
        home = folder / f"home{number}"
        skill = home / "deploy"
        skill.mkdir(parents=True, exist_ok=True)
        (skill / "SKILL.md").write_text(f"---\nname: deploy\ndescription: d\n---\n\n{number} on {parent}\n")
        environ = {
            "HOME": str(home), "PATH": os.defpath, "XDG_DATA_HOME": str(home / "data"), "HIVEMIND_ORG_ID": "acme",
            "HIVEMIND_USER": f"user-{number}", "HIVEMIND_SKILLOPT_STORE": url,
            "HIVEMIND_SKILLOPT_STATE_DIR": str(home / "state"),
        }  # fmt: skip
        made.append((environ, ["push", str(skill), "--author", "alice", *(["--parent", parent] if parent else [])]))
    return made


def one_clear_line(lost: Ended) -> str:
    """What a loser said, and that it said nothing else."""
    assert (lost.code, lost.stdout) == (1, ""), lost
    assert re.fullmatch(r"Error: [^\n]+\n", lost.stderr), lost
    assert not NO_SQL.search(lost.stderr), lost
    return lost.stderr.removeprefix("Error: ").rstrip()


def test_people_pushing_on_one_parent(url: str, store: SqlStore, tmp_path: Path) -> None:
    parent = ""
    with Pushers() as pushers:
        for version in range(1, PUSH_ROUNDS + 1):
            ended = pushers.race(calls(url, tmp_path, parent))
            won = [number for number, one in enumerate(ended) if one.code == 0]
            assert len(won) == 1, [one for one in ended if one.code]
            head = store.head(DEPLOY)
            assert head
            assert (head.version, head.published_by) == (version, f"user-{won[0]}")
            winner = ended.pop(won[0])
            assert winner.stdout.startswith(f"published deploy--alice v{version} ({head.content_sha256[:12]}, ")
            assert winner.stderr == ""
            told = {one_clear_line(one) for one in ended}
            assert told - starved(url, told) == {
                f"deploy--alice v{version} was published by {head.published_by}; pull, then push"
            }
            parent = head.content_sha256
    assert [v.version for v in store.history(DEPLOY)] == list(range(1, PUSH_ROUNDS + 1))


def test_a_server_without_room_for_all(postgres: Postgres, tmp_path: Path) -> None:
    """Its connections are taken but for a few: who finds none says so in one line; the parent has one child at most,
    and the next one who asks gets what they want."""
    url = postgres.new_database()
    store = open_store(url, "acme")
    store.migrate()
    store.close()
    with Pushers() as pushers:
        with ExitStack() as taken:
            fill(postgres, taken)
            ended = pushers.race(calls(url, tmp_path, ""))
        lines = [one_clear_line(one) for one in ended if one.code]
        assert len(lines) in (RACERS, RACERS - 1)
        assert any("too many clients" in line for line in lines), lines
        versions = [version.version for version in store.history(DEPLOY)]
        assert versions == [1] * (RACERS - len(lines))
        if not versions:
            pytest.fail("nobody published, though there was room for some")
        again = calls(url, tmp_path, store.history(DEPLOY)[0].content_sha256)[:1]
        assert [one.code for one in pushers.race(again)] == [0]
    store.close()


def fill(postgres: Postgres, taken: ExitStack) -> None:
    """Take connections until only so few are free."""
    most = int(postgres.execute("SHOW max_connections")[0][0])
    used = postgres.execute("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")[0][0] - 1
    for _ in range(most - used - FREE_CONNECTIONS):
        taken.enter_context(psycopg.connect(postgres.url()))
