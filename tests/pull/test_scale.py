"""No change = one query without a body and no write; n updates touch n folders. The large figures: bench/pull.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hivemind_skillopt.model import Policy
from hivemind_skillopt.pull import feed
from hivemind_skillopt.store.engine import open_store
from tests.pull.load import load, name
from tests.pull.world import NOW, TEXT, World, publish

SKILLS, VERSIONS, UPDATES = 300, 3, 10


@pytest.fixture(params=["sqlite", "postgresql"])
def many(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    url = f"sqlite:///{tmp_path}/org/store.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").new_database()
    store = open_store(url, "acme")
    load(store, "acme", SKILLS, VERSIONS)
    world = World(tmp_path, store)
    yield world
    store.close()
    world.database.close()


def changes_of_state(world: World) -> tuple[bytes, bytes]:
    """A write leaves another file or another log."""
    file = world.settings.paths.state_db
    return file.read_bytes(), file.with_name("state.db-wal").read_bytes()


def test_what_a_pull_costs(many: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "PAGE", 70)
    many.store.set_policy(name(7), Policy.LOCKED, "alice", NOW)
    with many.queries() as asked:
        assert len(many.pull().changes) == SKILLS
    assert len(asked) <= 3 * SKILLS + SKILLS // 70 + 1
    assert many.versions() == {str(name(number)): VERSIONS for number in range(SKILLS)}

    before, state = many.touched(), changes_of_state(many)
    with many.queries() as asked:
        assert many.pull().changes == []
    assert (many.touched(), changes_of_state(many)) == (before, state)
    assert len(asked) == 1
    assert "body" not in asked[0]
    assert "blobs" not in asked[0]

    for number in range(0, SKILLS, SKILLS // UPDATES):
        publish(many.store, name(number), TEXT)
    with many.queries() as asked:
        assert len(many.pull().changes) == UPDATES
    assert len(asked) == 1 + 3 * UPDATES
    after = many.touched()
    links = {path for path in after if Path(path).is_symlink()}
    assert len([path for path in links if after[path] != before[path]]) == UPDATES
    made = {path for path in after.keys() - before.keys() if path.endswith("--alice")}
    assert len(made) == UPDATES
