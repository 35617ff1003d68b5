"""Hostile folders: what no one may publish, and what everyone may."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivemind_skillopt.errors import SkillInvalid
from hivemind_skillopt.model import MAX_FILE_BYTES, MAX_FILES, MAX_SKILL_BYTES, SkillFile, SkillFolder
from hivemind_skillopt.store.folder_rules import MAX_PATH_BYTES, check_folder

SKILL_MD = SkillFile("SKILL.md", b"words")


def with_files(*paths: str) -> SkillFolder:
    return SkillFolder((SKILL_MD, *(SkillFile(path, b"x") for path in paths)))


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "//x",
        "..",
        "../x",
        "a/../b",
        "a/..",
        ".",
        "./a",
        "a/./b",
        "a//b",
        "a/",
        "a\\b",
        "..\\x",
        "C:\\x",
        "a\0b",
        "a\nb",
        "a\rb",
        "a\tb",
        "a\x1bb",
        "a\x7fb",
        "a\x85b",
        "a\u2028b",
        "a\u202egpj.sh",
        "a\u200bb",
        "a\ufeffb",
        "a\ud800b",
        unicodedata.normalize("NFD", "é.md"),
        "\u212b.md",
        "x" * (MAX_PATH_BYTES + 1),
        "é" * (MAX_PATH_BYTES // 2 + 1),
        ".git/config",
        "a/.GIT/hooks/post-checkout",
        "__pycache__/x",
        "x.pyc",
        ".DS_Store",
        "node_modules/x.js",
    ],
)
def test_hostile_names(path: str) -> None:
    with pytest.raises(SkillInvalid) as refused:
        check_folder(with_files(path))
    assert str(refused.value).isascii()
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    "paths",
    [
        ("a.md", "a.md"),
        ("a.md", "A.md"),
        ("straße.md", "STRASSE.md"),
        ("skill.md",),
        ("docs/a", "Docs/b"),
        ("docs/x/a", "docs/X/b"),
        ("docs", "docs/a"),
        ("docs/a", "docs"),
        ("DOCS", "docs/a"),
        ("docs/a", "Docs"),
        ("SKILL.md/a",),
    ],
)
def test_names_that_are_one_on_some_disk(paths: tuple[str, ...]) -> None:
    with pytest.raises(SkillInvalid, match="collides with another one"):
        check_folder(with_files(*paths))


@pytest.mark.parametrize(
    "paths",
    [
        ("references/a.md", "references/b.md", "references/deep/a.md", "a.md"),
        ("é.md", "日本語/ガイド.md", "a b (1).md", "...", "a..b", ".hidden", "~x", "-rf", "$(x)", "x" * MAX_PATH_BYTES),
        ("github/x", "gitignore", ".gitignore", "pyc", "docs", "docs2/a"),
    ],
)
def test_plain_names(paths: tuple[str, ...]) -> None:
    check_folder(with_files(*paths))


def test_there_must_be_a_skill_md() -> None:
    for files in ((), (SkillFile("docs/SKILL.md", b"x"),), (SkillFile("skill.md", b"x"),)):
        with pytest.raises(SkillInvalid, match=r"no SKILL\.md"):
            check_folder(SkillFolder(files))


@pytest.mark.parametrize("data", [b"\xff\xfe", b"a\0b"])
def test_skill_md_must_be_text(data: bytes) -> None:
    with pytest.raises(SkillInvalid, match=r"SKILL\.md"):
        check_folder(SkillFolder((SkillFile("SKILL.md", data),)))


def test_a_file_may_be_a_mebibyte() -> None:
    check_folder(SkillFolder((SKILL_MD, SkillFile("a", b"x" * MAX_FILE_BYTES))))
    with pytest.raises(SkillInvalid, match="larger than 1 MiB"):
        check_folder(SkillFolder((SKILL_MD, SkillFile("a", b"x" * (MAX_FILE_BYTES + 1)))))


def test_a_skill_may_be_five_mebibytes() -> None:
    rest = MAX_SKILL_BYTES - 4 * MAX_FILE_BYTES - len(SKILL_MD.data)
    files = [SKILL_MD, *(SkillFile(str(n), b"x" * MAX_FILE_BYTES) for n in range(4))]
    check_folder(SkillFolder((*files, SkillFile("rest", b"x" * rest))))
    with pytest.raises(SkillInvalid, match="the skill is larger than 5 MiB"):
        check_folder(SkillFolder((*files, SkillFile("rest", b"x" * (rest + 1)))))


def test_a_skill_may_have_a_thousand_files() -> None:
    check_folder(with_files(*(str(n) for n in range(MAX_FILES - 1))))
    with pytest.raises(SkillInvalid, match="1001 files"):
        check_folder(with_files(*(str(n) for n in range(MAX_FILES))))


@given(st.lists(st.text("aAé./\\\0e\u0301", max_size=8), max_size=4))
def test_what_passes_stays_inside_and_apart(paths: list[str]) -> None:
    try:
        check_folder(with_files(*paths))
    except SkillInvalid:
        return
    parts = [path.split("/") for path in paths]
    assert not any(part in {"", ".", ".."} for split in parts for part in split)
    assert len({path.casefold() for path in paths}) == len(paths)
    assert all(unicodedata.is_normalized("NFC", path) for path in paths)
