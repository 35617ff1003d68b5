"""The manifest: what was pulled at which generation, and the two files that recorders read."""

from __future__ import annotations

from pathlib import Path

import pytest

from hivemind_skillopt.model import SkillRef
from hivemind_skillopt.paths import Paths
from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.manifest import Manifest, ManifestEntry

HOME = "/h/.claude"


def entry(version: int, name: str = "deploy", home: str = HOME) -> ManifestEntry:
    return ManifestEntry("st", "claude_code", home, SkillRef(name, "alice"), version, f"sha{version}", "/f", "/l")


@pytest.fixture
def manifest(database: Database, tmp_path: Path) -> Manifest:
    return Manifest(database, Paths(tmp_path, tmp_path, tmp_path), "st")


def test_a_generation_remembers_what_was_there(manifest: Manifest) -> None:
    assert manifest.generation() == 0
    assert manifest.change([entry(1)]) == 1
    assert manifest.change([entry(2), entry(1, "lint")]) == 2
    assert manifest.change([], [entry(1, "lint")]) == 3
    versions = {g: [(e.ref.name, e.version) for e in manifest.at(HOME, g)] for g in range(4)}
    assert versions == {0: [], 1: [("deploy", 1)], 2: [("deploy", 2), ("lint", 1)], 3: [("deploy", 2)]}
    assert [e.version for e in manifest.entries()] == [2]


def test_only_a_pulled_folder_is_an_org_skill(manifest: Manifest) -> None:
    manifest.change([entry(1)])
    assert manifest.entry_at(HOME, "deploy--alice", 1) == entry(1)
    assert manifest.entry_at(HOME, "deploy--blue-green", 1) is None
    assert manifest.entry_at("/other/.claude", "deploy--alice", 1) is None


def test_recorders_are_told(manifest: Manifest, tmp_path: Path) -> None:
    manifest.change([entry(1), entry(1, "lint"), entry(1, "lint", "/other")])
    manifest.tell_recorders()
    assert (tmp_path / "org-skills").read_text() == "deploy--alice\nlint--alice\n"
    assert (tmp_path / "generation").read_text() == "1\n"
