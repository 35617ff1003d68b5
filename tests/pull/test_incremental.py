"""Pull looks at what changed since the home's cursor, and at what had to wait."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hivemind_skillopt.errors import StoreUnavailable
from hivemind_skillopt.model import Policy, Scope
from hivemind_skillopt.pull import Request
from hivemind_skillopt.store.engine import open_store
from hivemind_skillopt.store.memory import MemoryStore
from tests.pull.world import DEPLOY, LINT, NOW, TEXT, World, publish, ref

MORE = TEXT + "6. Six.\n"


def cursor(world: World) -> int:
    return world.puller.cursors.get(world.installs[0].home).number


def waiting(world: World) -> tuple[int, ...]:
    return world.puller.cursors.get(world.installs[0].home).waiting


def killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_what_is_in_the_way_is_tried_again_and_stops_nobody(world: World) -> None:
    world.publish()
    world.link().mkdir(parents=True)
    world.publish(LINT)
    assert world.pull().in_the_way == [str(world.link())]
    assert (world.versions(), waiting(world)) == ({"lint--alice": 1}, (1,))
    with world.queries() as asked:
        assert world.pull().in_the_way == [str(world.link())]
    assert len(asked) == 1
    world.link().rmdir()
    assert [change.ref for change in world.pull().changes] == [DEPLOY]
    assert waiting(world) == ()


def test_a_pull_by_name_or_filter_leaves_the_rest_to_the_next(world: World) -> None:
    world.publish()
    world.publish(LINT)
    world.publish(ref("lint", "bob"))
    publish(world.store, ref("mine"), scope=Scope.ME)
    assert [c.ref for c in world.pull(Request((LINT,))).changes] == [LINT]
    assert [str(c.ref) for c in world.pull(Request(author="bob")).changes] == ["lint--bob"]
    assert [str(c.ref) for c in world.pull(Request(scope=Scope.ME)).changes] == ["mine--alice"]
    assert cursor(world) == 0
    assert [c.ref for c in world.pull().changes] == [DEPLOY]
    assert cursor(world) == 4


def test_a_new_home_gets_everything_and_another_user_what_is_theirs(world: World) -> None:
    world.publish()
    publish(world.store, ref("mine", "bob"), scope=Scope.ME)
    world.pull()
    world.homes = (".claude", ".codex")
    (world.root / "home" / ".codex").mkdir()
    assert [(c.ref, c.home.endswith(".codex")) for c in world.pull().changes] == [(DEPLOY, True)]
    world.environ["HIVEMIND_USER"] = "bob"
    assert {str(c.ref) for c in world.pull().changes} == {"mine--bob"}


def test_a_store_that_goes_away_half_way_is_continued(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        world.publish(ref(name))
    real = world.store.folder

    def folder(of, version):
        if of == ref("b"):
            raise StoreUnavailable("gone")
        return real(of, version)

    monkeypatch.setattr(world.store, "folder", folder)
    with pytest.raises(StoreUnavailable):
        world.pull()
    assert world.versions() == {"a--alice": 1}
    assert (world.root / "state" / "org-skills").read_text() == "a--alice\n"
    monkeypatch.undo()
    assert [str(c.ref) for c in world.pull().changes] == ["b--alice", "c--alice"]


def test_a_pulled_version_is_not_fetched_again_after_a_crash(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder was written, the link perhaps switched, the manifest not."""
    world.publish()
    with monkeypatch.context() as patch:
        patch.setattr(type(world.manifest), "change", killed)
        with pytest.raises(KeyboardInterrupt):
            world.pull()
    assert world.link().is_symlink()
    with world.queries() as asked:
        assert world.pull().changes[0].after == 1
    assert not any("blobs" in statement for statement in asked)


class TestAnotherStore:
    def test_an_older_copy_is_noticed_and_counts(self, world: World) -> None:
        world.publish()
        backup = Path(world.store._engine.url.database).parent / "backup.db"
        with world.store._engine.begin() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql(f"VACUUM INTO '{backup}'")
            connection.exec_driver_sql("BEGIN")
        world.publish(text=MORE)
        world.publish(LINT)
        world.pull()
        world.store.close()
        os.replace(backup, backup.with_name("store.db"))
        for suffix in ("-wal", "-shm"):
            backup.with_name(f"store.db{suffix}").unlink(missing_ok=True)
        world.store = open_store(f"sqlite:///{backup.with_name('store.db')}", "acme")
        report = world.pull()
        assert (report.store_replaced, [(c.before, c.after) for c in report.changes]) == (True, [(2, 1)])
        assert (report.not_offered, world.text()) == ([LINT], TEXT.replace("{ref}", "deploy--alice"))
        assert not world.pull().store_replaced

    def test_as_many_changes_but_others(self, world: World) -> None:
        for text in (TEXT, MORE):
            world.publish(text=text)
        world.pull()
        world.store = MemoryStore("acme")
        for text in (TEXT, MORE + "7. Seven.\n"):
            world.publish(text=text)
        report = world.pull()
        assert (report.store_replaced, len(report.changes)) == (True, 1)
        assert "7. Seven." in world.text()

    def test_an_empty_one_is_told_at_every_pull(self, world: World) -> None:
        world.publish()
        world.pull()
        world.store = MemoryStore("acme")
        for _ in range(2):
            report = world.pull()
            assert (report.store_replaced, report.not_offered) == (True, [DEPLOY])
            assert "is it the right store" in report.problems[1].lower()
        assert world.link().is_symlink()


class TestARowThatCannotBeRead:
    @pytest.mark.parametrize(
        "damage",
        [
            "UPDATE skills SET name = '../../x' WHERE name = 'bad'",
            "UPDATE skills SET scope = 'planet' WHERE name = 'bad'",
            "INSERT INTO policies VALUES ('acme', 99, 'bad', 'alice', 'frozen', 'x', 1)",
            "UPDATE skill_files SET path = '../x' WHERE name = 'bad'",
            "UPDATE blobs SET bytes = x'00' WHERE sha256 IN (SELECT sha256 FROM skill_files WHERE name = 'bad')",
        ],
    )
    def test_the_others_are_pulled(self, world: World, damage: str) -> None:
        world.publish(ref("a"))
        world.publish(ref("bad"))
        world.publish(ref("z"))
        with world.store._engine.begin() as connection:
            connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
            connection.exec_driver_sql(damage.replace("skills SET name", "skills SET description = '', name"))
            if "../../x" in damage:
                connection.exec_driver_sql("UPDATE skill_files SET name = '../../x' WHERE name = 'bad'")
        report = world.pull()
        assert [str(c.ref) for c in report.changes] == ["a--alice", "z--alice"]
        assert len(report.failed) == 1
        world.publish(ref("a"), MORE)
        assert [c.after for c in world.pull().changes] == [2]
        assert len(world.pull().failed) == 1
        assert sorted(path.name for path in world.root_of().iterdir()) == ["a--alice", "z--alice"]


class TestRetired:
    def test_it_goes_and_comes_back(self, world: World) -> None:
        world.publish()
        world.pull()
        world.edit("2. Two.", "2. My words.")
        world.store.set_policy(DEPLOY, Policy.RETIRED, "alice", NOW)
        report = world.pull()
        assert ([c.after for c in report.changes], len(report.kept_aside)) == ([0], 1)
        assert not os.path.lexists(world.link())
        assert world.manifest.unpulled() == set()
        world.store.set_policy(DEPLOY, Policy.AUTO, "alice", NOW)
        assert [c.after for c in world.pull().changes] == [1]

    def test_what_was_unpulled_stays_out_when_it_is_revived(self, world: World) -> None:
        world.publish()
        world.pull()
        world.unpull(DEPLOY)
        for policy in (Policy.RETIRED, Policy.REVIEW):
            world.store.set_policy(DEPLOY, policy, "alice", NOW)
        assert world.pull().changes == []
        assert [c.after for c in world.pull(Request(unpulled_too=True)).changes] == [1]


class TestPinned:
    def test_pulls_leave_it_until_it_is_unpinned(self, world: World) -> None:
        world.publish()
        world.pull()
        world.pins.put(DEPLOY, 1)
        world.publish(text=MORE)
        world.publish(LINT)
        report = world.pull()
        assert ([c.ref for c in report.changes], report.pinned) == ([LINT], {DEPLOY: (1, 2)})
        with world.queries() as asked:
            assert world.pull().pinned == {DEPLOY: (1, 2)}
        assert len(asked) == 1
        world.pins.remove(DEPLOY)
        assert [(c.before, c.after) for c in world.pull().changes] == [(1, 2)]

    def test_a_pin_to_another_version_takes_effect_at_the_next_pull(self, world: World) -> None:
        for text in (TEXT, MORE):
            world.publish(text=text)
        world.pull()
        world.pins.put(DEPLOY, 1)
        assert [(c.before, c.after) for c in world.pull().changes] == [(2, 1)]
        assert world.pull().changes == []
        assert "Six" not in world.text()

    def test_retired_wins_over_pinned_and_the_pin_stays(self, world: World) -> None:
        for text in (TEXT, MORE):
            world.publish(text=text)
        world.pull()
        world.pins.put(DEPLOY, 1)
        world.pull()
        world.store.set_policy(DEPLOY, Policy.RETIRED, "alice", NOW)
        assert [c.after for c in world.pull().changes] == [0]
        world.store.set_policy(DEPLOY, Policy.AUTO, "alice", NOW)
        assert [c.after for c in world.pull().changes] == [1]
