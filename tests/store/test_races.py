"""Real processes at one SQLite file: n publishers racing on one parent give exactly one n+1 (DESIGN 12)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hivemind_skillopt.store.engine import open_store
from hivemind_skillopt.store.sql import SqlStore
from tests.store.racer import Racers
from tests.store.values import DEPLOY

RACERS = 16
ROUNDS = 6


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/store.db"


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    opened = open_store(url, "acme")
    yield opened
    opened.close()


def test_publishers_racing_on_one_parent_make_one_child(url: str, store: SqlStore) -> None:
    parent = "-"
    with Racers(url, RACERS) as racers:
        for version in range(1, ROUNDS + 1):
            answers = racers.race("push", parent)
            assert sorted(answers) == ["ParentMoved"] * (RACERS - 1) + [f"v{version}"]
            head = store.head(DEPLOY)
            assert head
            assert head.version == version
            assert head.published_by == f"user-{answers.index(f'v{version}')}"
            assert store.folder(DEPLOY, version).content_sha256 == head.content_sha256
            parent = head.content_sha256
    assert [v.version for v in store.history(DEPLOY)] == list(range(1, ROUNDS + 1))


def test_one_reaction_is_published_once_and_one_proposal_has_one_version(url: str, store: SqlStore) -> None:
    with Racers(url, RACERS) as racers:
        racers.race("push")
        one = store.history(DEPLOY)[-1]
        answers = racers.race("reaction", one.content_sha256)
        assert sorted(answers) == ["AlreadyPublished"] * (RACERS - 1) + ["v2"]
        two = store.history(DEPLOY)[-1]
        assert racers.race("proposal", two.content_sha256) == ["v3"] * RACERS
    assert sorted(row.published_version or 0 for row in store.proposals()) == [2, 3]
    assert len(store.history(DEPLOY)) == 3


def test_many_processes_open_a_new_store_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/deep/er/store.db"
    with Racers(url, 8) as racers:
        assert racers.race("migrate") == ["migrated"] * 8
        assert sorted(racers.race("push")) == ["ParentMoved"] * 7 + ["v1"]
