"""What its user wrote into a pulled copy survives the next version: merged, or kept aside with the files that clash."""

from __future__ import annotations

from pathlib import Path

import pytest

from hivemind_skillopt.model import SkillFile, SkillFolder
from hivemind_skillopt.pull.merge import merge_folders
from hivemind_skillopt.state.skill_folders import content_sha256
from tests.pull.world import DEPLOY, LINT, TEXT, World

NEWER = TEXT.replace("5. Five.", "5. Five, and tell.")


@pytest.fixture
def pulled(world: World) -> World:
    world.publish()
    world.pull()
    return world


def test_a_clean_merge_is_linked_and_counts_as_modified(pulled: World) -> None:
    pulled.edit("1. One.", "1. One, my way.")
    pulled.publish(text=NEWER)
    (edited,) = pulled.pull().edited
    assert (edited.merged, edited.conflicts) == (True, ())
    assert "1. One, my way." in pulled.text()
    assert "5. Five, and tell." in pulled.text()
    assert "tell" not in Path(edited.kept, "SKILL.md").read_text()
    (entry,) = pulled.manifest.entries()
    assert (entry.version, entry.content_sha256) == (2, pulled.store.head(DEPLOY).content_sha256)
    assert content_sha256(entry.folder) != entry.content_sha256
    assert pulled.pull().edited == []


def test_a_merged_copy_merges_again_and_is_kept_once(pulled: World) -> None:
    pulled.edit("1. One.", "1. One, my way.")
    pulled.publish(text=NEWER)
    pulled.pull()
    pulled.publish(text=NEWER + "6. Six.\n")
    (edited,) = pulled.pull().edited
    assert (edited.merged, edited.kept) == (True, "")
    assert "my way" in pulled.text()
    assert "6. Six." in pulled.text()
    assert len(list((pulled.root / "data" / "edited").iterdir())) == 1


def test_a_clash_is_told_and_the_new_version_linked(pulled: World) -> None:
    pulled.edit("5. Five.", "5. Mine.")
    pulled.publish(text=NEWER)
    (edited,) = pulled.pull().edited
    assert (edited.merged, edited.conflicts) == (False, ("SKILL.md",))
    assert "5. Mine." in Path(edited.kept, "SKILL.md").read_text()
    assert pulled.text() == NEWER.replace("{ref}", "deploy--alice")


@pytest.mark.parametrize(
    ("old", "new"),
    [("name: deploy--alice", "name: other"), ("description: d", "description: [d"), ("name: deploy--alice\n", "")],
)
def test_what_would_no_longer_be_that_skill_is_no_merge(pulled: World, old: str, new: str) -> None:
    pulled.edit(old, new)
    pulled.publish(text=NEWER)
    (edited,) = pulled.pull().edited
    assert not edited.merged
    assert pulled.text() == NEWER.replace("{ref}", "deploy--alice")


def test_two_homes_that_share_a_folder_both_get_the_merge(world: World) -> None:
    world.homes = (".claude", ".codex")
    (world.root / "home" / ".codex").mkdir()
    world.publish()
    world.pull()
    world.edit("1. One.", "1. One, my way.")
    world.publish(text=NEWER)
    assert len(world.pull().edited) == 1
    assert world.text() == world.text(home=".codex")
    assert "my way" in world.text(home=".codex")


def test_an_old_version_that_comes_back_was_edited_in_its_own_folder(pulled: World) -> None:
    pulled.edit("1. One.", "1. One, my way.")
    pulled.publish(text=NEWER)
    pulled.publish(text=TEXT)
    (edited,) = pulled.pull().edited
    assert "my way" in pulled.text()
    assert "my way" in Path(edited.kept, "SKILL.md").read_text()


def test_unpull_keeps_a_merged_copy(pulled: World) -> None:
    pulled.edit("1. One.", "1. One, my way.")
    pulled.publish(text=NEWER)
    pulled.pull()
    (kept,) = pulled.puller.unpuller().unpull(pulled.manifest.entries()).kept_aside
    assert "my way" in Path(kept, "SKILL.md").read_text()


def test_an_edit_of_one_skill_is_none_of_another(pulled: World) -> None:
    pulled.publish(LINT)
    pulled.pull()
    pulled.edit("1. One.", "1. Mine.", LINT)
    pulled.publish(text=NEWER)
    assert pulled.pull().edited == []
    assert "1. Mine." in pulled.text(LINT)


def file(path: str, data: bytes = b"1\n2\n3\n", *, x: bool = False) -> SkillFile:
    return SkillFile(path, data, x)


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "merged", "conflicts"),
    [
        pytest.param([], [file("a")], [file("b")], ["a", "b"], [], id="both add"),
        pytest.param([], [file("a", b"x")], [file("a", b"y")], [], ["a"], id="both add it, each its own way"),
        pytest.param([], [file("a")], [file("a")], ["a"], [], id="both add the same"),
        pytest.param([file("a")], [], [file("a")], [], [], id="I delete"),
        pytest.param([file("a")], [file("a")], [], [], [], id="they delete"),
        pytest.param([file("a")], [], [file("a", b"y")], [], ["a"], id="I delete what they change"),
        pytest.param([file("a")], [file("a", b"y")], [], [], ["a"], id="they delete what I change"),
        pytest.param([file("a", b"\0")], [file("a", b"\0m")], [file("a", b"\0")], ["a"], [], id="I change a binary"),
        pytest.param([file("a", b"\0")], [file("a", b"\0m")], [file("a", b"\0t")], [], ["a"], id="both a binary"),
        pytest.param([file("a")], [file("a", x=True)], [file("a", b"1\n2\n4\n")], ["a"], [], id="a mode and a text"),
    ],
)
def test_files_as_a_careful_person_merges_them(
    base: list[SkillFile], mine: list[SkillFile], theirs: list[SkillFile], merged: list[str], conflicts: list[str]
) -> None:
    found = merge_folders(*(SkillFolder(tuple(files)) for files in (base, mine, theirs)))
    assert ([one.path for one in found.folder.files], list(found.conflicts)) == (merged, conflicts)


def test_lines_and_the_mode_come_from_both() -> None:
    base, mine, theirs = b"1\r\n2\n3\n4\n5", b"0\n1\r\n2\n3\n4\n5", b"1\r\n2\n3\n4\n6"
    sides = (SkillFolder((file("a", data, x=x),)) for data, x in ((base, False), (mine, True), (theirs, False)))
    assert merge_folders(*sides).folder.files == (file("a", b"0\n1\r\n2\n3\n4\n6", x=True),)
