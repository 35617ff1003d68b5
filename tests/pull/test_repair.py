"""Links and folders are as the manifest says; where all is well nothing is written; unpull leaves what was before."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from hivemind_skillopt.pull import Request
from hivemind_skillopt.state.made_folders import MadeFolders
from tests.pull.world import DEPLOY, LINT, TEXT, World


@pytest.fixture
def pulled(world: World) -> World:
    world.publish()
    world.publish(LINT)
    world.pull()
    return world


def gone_link(world: World) -> None:
    world.link().unlink()


def gone_root(world: World) -> None:
    shutil.rmtree(world.root_of())


def gone_folder(world: World) -> None:
    shutil.rmtree(world.link().resolve().parent)


def gone_text(world: World) -> None:
    (world.link() / "SKILL.md").unlink()


def wrong_link(world: World) -> None:
    target = world.link(LINT).readlink()
    world.link().unlink()
    world.link().symlink_to(target)


@pytest.mark.parametrize("damage", [gone_link, gone_root, gone_folder, gone_text, wrong_link])
def test_made_again(pulled: World, damage) -> None:
    damage(pulled)
    assert len(pulled.pull(Request(dry_run=True)).repaired) in (1, 2)
    assert len(pulled.pull().repaired) in (1, 2)
    assert pulled.text() == TEXT.replace("{ref}", "deploy--alice")
    assert pulled.text(LINT)
    before = pulled.touched()
    assert pulled.pull().repaired == []
    assert pulled.touched() == before


def test_an_orphan_goes_and_a_persons_own_link_and_folder_stay(pulled: World) -> None:
    orphan = pulled.link().with_name("gone--alice")
    folder = pulled.root / "data" / "skills" / "0123456789ab" / "gone--alice"
    folder.mkdir(parents=True)
    orphan.symlink_to(folder)
    mine = pulled.link().with_name("my-deploy")
    mine.symlink_to(pulled.link().readlink())
    foreign = pulled.link().with_name("other--alice")
    foreign.symlink_to(pulled.root)
    pulled.link(LINT).unlink()
    pulled.link(LINT).mkdir()
    assert [line.split(": ")[0] for line in pulled.pull().repaired] == [str(orphan)]
    assert not os.path.lexists(orphan)
    assert (mine.is_symlink(), foreign.is_symlink(), pulled.link(LINT).is_symlink()) == (True, True, False)


def test_a_folder_that_the_store_no_longer_has_is_told(pulled: World) -> None:
    gone_folder(pulled)
    with pulled.store._engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM skill_files WHERE name = 'deploy'")
    assert len(pulled.pull().failed) == 1


def test_an_edited_folder_is_not_damaged(pulled: World) -> None:
    pulled.edit("1. One.", "1. Mine.")
    assert pulled.pull().repaired == []
    assert "1. Mine." in pulled.text()


def names(top: Path) -> list[str]:
    return sorted(str(path.relative_to(top)) for path in top.rglob("*"))


@pytest.mark.parametrize("root_was_there", [True, False])
def test_unpull_leaves_the_listing_as_it_was(world: World, root_was_there: bool) -> None:
    if root_was_there:
        world.root_of().mkdir()
        (world.root_of() / "own").mkdir()
    before = names(world.root / "home")
    MadeFolders(world.settings.paths.made_folders).note(world.root_of())
    world.publish()
    world.publish(LINT)
    world.pull()
    world.unpull(DEPLOY, LINT)
    assert names(world.root / "home") == before
    assert names(world.root / "data") == []
    assert world.pull().changes == []
    assert [c.ref for c in world.pull(Request((LINT,))).changes] == [LINT]
