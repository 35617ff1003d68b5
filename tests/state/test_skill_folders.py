"""Skill folders: read with their limits, written whole, links switched in one step."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from hivemind_skillopt.errors import SkillInvalid
from hivemind_skillopt.model import MAX_FILE_BYTES, SkillFile, SkillFolder, SkillRef
from hivemind_skillopt.state.skill_folders import VersionFolders, content_sha256, read_folder, switch_link

REF = SkillRef("deploy", "alice")


def folder(text: bytes = b"one") -> SkillFolder:
    return SkillFolder((SkillFile("SKILL.md", text), SkillFile("scripts/run.sh", b"#!/bin/sh\n", executable=True)))


@pytest.fixture
def versions(tmp_path: Path) -> VersionFolders:
    return VersionFolders(tmp_path / "skills", tmp_path / "edited")


def test_what_is_written_is_read_back(versions: VersionFolders) -> None:
    path = versions.put(REF, folder())
    assert path.name == "deploy--alice"
    assert path.parent.name == folder().content_sha256[:12]
    assert content_sha256(path) == folder().content_sha256
    assert {file.path: file.executable for file in read_folder(path).files} == {
        "SKILL.md": False,
        "scripts/run.sh": True,
    }


def test_a_version_that_is_there_is_not_written_again(versions: VersionFolders) -> None:
    inode = (versions.put(REF, folder()) / "SKILL.md").stat().st_ino
    assert (versions.put(REF, folder()) / "SKILL.md").stat().st_ino == inode


def test_an_edited_copy_is_kept_aside(versions: VersionFolders, tmp_path: Path) -> None:
    path = versions.put(REF, folder())
    (path / "SKILL.md").write_text("my own words")
    assert content_sha256(versions.put(REF, folder())) == folder().content_sha256
    (kept,) = (tmp_path / "edited").iterdir()
    assert (kept / "SKILL.md").read_text() == "my own words"


def test_junk_is_no_part_of_a_skill(tmp_path: Path) -> None:
    (tmp_path / "SKILL.md").write_text("x")
    before = content_sha256(tmp_path)
    for junk in (".git/config", "__pycache__/a.pyc", "b.pyc", ".DS_Store", "node_modules/x/y.js"):
        (tmp_path / junk).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / junk).write_text("junk")
    assert content_sha256(tmp_path) == before != ""


def test_symlinks_sizes_and_missing_skill_md_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SkillInvalid, match=r"no SKILL\.md"):
        read_folder(tmp_path)
    (tmp_path / "SKILL.md").write_text("x")
    (tmp_path / "link").symlink_to("/etc/passwd")
    with pytest.raises(SkillInvalid, match="symlink"):
        read_folder(tmp_path)
    (tmp_path / "link").unlink()
    (tmp_path / "big").write_bytes(b"x" * (MAX_FILE_BYTES + 1))
    with pytest.raises(SkillInvalid, match="at most 1 MiB"):
        read_folder(tmp_path)
    os.unlink(tmp_path / "big")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SkillInvalid, match="plain file"):
        read_folder(tmp_path)


def test_a_reader_always_sees_a_whole_skill(versions: VersionFolders, tmp_path: Path) -> None:
    """Another thread reads through the link while it is switched to and fro."""
    targets = [versions.put(REF, folder(text)) for text in (b"one", b"two")]
    link = tmp_path / "root" / "deploy--alice"
    switch_link(link, targets[0])
    seen, stop = set[bytes](), threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.add((link / "SKILL.md").read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(500):
        switch_link(link, targets[number % 2])
    stop.set()
    reader.join()
    assert seen <= {b"one", b"two"}
    assert os.listdir(link.parent) == ["deploy--alice"]
