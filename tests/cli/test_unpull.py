"""unpull: the inverse of pull, and it stays that way at session starts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hivemind_skillopt.model import DAY, SkillRef
from hivemind_skillopt.pull import Unpuller
from hivemind_skillopt.state.log import Log
from hivemind_skillopt.state.made_folders import MadeFolders
from hivemind_skillopt.state.manifest import Manifest
from hivemind_skillopt.state.skill_folders import VersionFolders
from tests.cli.conftest import SKILL, Cli
from tests.worker.lab import REF, Lab
from tests.worker.lab import SKILL as LAB_SKILL

OTHER = SkillRef("release", "alice")


@pytest.fixture
def pulled(cli: Cli) -> Cli:
    """Two skills."""
    cli.run("install", "--yes")
    cli.run("push", cli.skill())
    cli.run("push", cli.skill("release", SKILL.replace("deploy", "release")))
    cli.run("pull")
    return cli


def org_skills(cli: Cli) -> list[str]:
    return (cli.home / ".local/state/hivemind-skillopt/org-skills").read_text().split()


def versions(cli: Cli) -> list[str]:
    return sorted(path.name for path in (cli.home / ".local/share/hivemind-skillopt/skills").glob("*/*"))


def test_one_goes_and_comes_back_when_it_is_named(pulled: Cli) -> None:
    generation = pulled.home / ".local/state/hivemind-skillopt/generation"
    before = int(generation.read_text())
    assert pulled.json("unpull", "deploy--alice", "--dry-run")["removed"][0]["ref"] == "deploy--alice"
    assert pulled.pulled.is_symlink()
    pulled.run("unpull", "deploy--alice")
    assert not os.path.lexists(pulled.pulled)
    assert (org_skills(pulled), versions(pulled)) == (["release--alice"], ["release--alice"])
    assert int(generation.read_text()) > before
    assert "left out, you had unpulled it: deploy--alice" in " ".join(pulled.run("pull").stdout.split())
    assert not os.path.lexists(pulled.pulled)
    pulled.run("pull", "deploy--alice")
    assert (pulled.pulled / "SKILL.md").exists()
    assert pulled.json("pull")["unpulled"] == []


def test_all_go_with_the_folder_that_pull_made(pulled: Cli) -> None:
    root = pulled.home / ".claude" / "skills"
    pulled.run("unpull", "--all")
    assert (root.exists(), org_skills(pulled), versions(pulled)) == (False, [], [])
    assert pulled.run("unpull", "--all").stdout == "nothing is pulled\n"
    assert sorted(pulled.json("pull")["unpulled"]) == ["deploy--alice", "release--alice"]
    pulled.run("pull", "--all")
    assert sorted(path.name for path in root.iterdir()) == ["deploy--alice", "release--alice"]


def test_a_persons_own_work_stays(pulled: Cli) -> None:
    """An edited copy is kept aside; a folder in place of our link is theirs."""
    (pulled.pulled / "SKILL.md").write_text("my words")
    release = pulled.pulled.with_name("release--alice")
    release.unlink()
    release.mkdir()
    report = pulled.json("unpull", "--all")
    (kept,) = report["kept_aside"]
    assert Path(kept, "SKILL.md").read_text() == "my words"
    assert (report["left"], release.is_dir()) == ([str(release)], True)


def test_usage(cli: Cli) -> None:
    cli.fails("unpull", code=2)
    cli.fails("unpull", "--all", "deploy--alice", code=2)
    assert "is not pulled here" in cli.fails("unpull", "deploy--alice")


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Two skills on a machine whose worker runs in this process."""
    lab = Lab(tmp_path)
    lab.publish()
    lab.publish(ref=OTHER)
    lab.pull()
    return lab


def unpull(lab: Lab, ref: SkillRef) -> None:
    manifest = Manifest(lab.database, lab.paths, lab.settings.store_id)
    folders = VersionFolders(lab.paths.skills, lab.paths.edited)
    entries = [entry for entry in manifest.everywhere() if entry.ref == ref]
    Unpuller(manifest, folders, Log(lab.paths.log, lab.clock), MadeFolders(lab.paths.made_folders)).unpull(entries)


def test_a_session_start_does_not_bring_it_back(lab: Lab) -> None:
    unpull(lab, REF)
    lab.publish(LAB_SKILL + "4. More.\n")
    lab.publish(LAB_SKILL + "4. More.\n", OTHER)
    lab.event("SessionStart", source="startup")
    lab.work()
    assert not os.path.lexists(lab.installed())
    assert "4. More." in (lab.installed(OTHER) / "SKILL.md").read_text()


def test_another_store_took_the_place_that_is_no_unpull(lab: Lab) -> None:
    lab.environ["HIVEMIND_ORG_ID"] = "other"
    lab.publish()
    lab.pull()
    lab.environ = {}
    assert Manifest(lab.database, lab.paths, lab.settings.store_id).unpulled() == set()


def test_a_version_that_no_link_points_to_goes_after_seven_days(lab: Lab) -> None:
    old = lab.installed().resolve()
    lab.publish(LAB_SKILL + "4. More.\n")
    lab.pull()
    assert old.is_dir()
    lab.now += 7 * DAY - 3600 * 10**9
    lab.pull()
    assert old.is_dir()
    lab.now += 2 * 3600 * 10**9
    lab.pull()
    assert not old.parent.exists()
    assert "4. More." in (lab.installed() / "SKILL.md").read_text()
    assert (lab.installed(OTHER) / "SKILL.md").exists()
