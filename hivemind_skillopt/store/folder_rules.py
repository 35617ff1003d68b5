"""What a skill folder may hold, whoever publishes it. Checked on the way into the store and on the way out. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from hivemind_skillopt.errors import SkillInvalid
from hivemind_skillopt.model import (
    MAX_FILE_BYTES,
    MAX_FILES,
    MAX_SKILL_BYTES,
    SkillFolder,
    is_left_out,
    nfc,
)
from hivemind_skillopt.skill_md import parse_skill_md

MAX_PATH_BYTES = 255
"""Of the whole relative path: what every file system takes as one name."""

HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories that a person does not see in a file name: control, format (bidi), surrogates, line ends."""


def check_folder(folder: SkillFolder) -> None:
    """Raises SkillInvalid with the first thing that is wrong; names are shown escaped."""
    for file in folder.files:
        _check_path(file.path)
        if len(file.data) > MAX_FILE_BYTES:
            raise SkillInvalid(f"the file {file.path!a} is larger than {MAX_FILE_BYTES >> 20} MiB")
    _check_collisions(file.path for file in folder.files)
    check_totals(len(folder.files), sum(len(file.data) for file in folder.files))
    if "\0" in parse_skill_md(folder.skill_md).text:
        raise SkillInvalid("SKILL.md holds a NUL character; it must be text")


def check_totals(files: int, size: int) -> None:
    """`size`: of all files, in bytes. What is only counted need not be read. Raises SkillInvalid."""
    if files > MAX_FILES:
        raise SkillInvalid(f"the skill has {files} files; {MAX_FILES} are allowed")
    if size > MAX_SKILL_BYTES:
        raise SkillInvalid(f"the skill is larger than {MAX_SKILL_BYTES >> 20} MiB")


def _check_path(path: str) -> None:
    why = _path_fault(path)
    if why:
        raise SkillInvalid(f"the file name {path[:80]!a} {why}")


def _path_fault(path: str) -> str:
    """Why a path may not be in a skill, or ''."""
    parts = path.split("/")
    if any(unicodedata.category(character) in HIDDEN for character in path):
        return "holds a control or hidden character"
    if "\\" in path:
        return "holds a backslash"
    if any(part in {"", ".", ".."} for part in parts):
        return "is not a plain relative path"
    if path != nfc(path):
        return "is not in Unicode normal form C"
    if len(path.encode()) > MAX_PATH_BYTES:
        return f"is longer than {MAX_PATH_BYTES} bytes"
    if any(is_left_out(part) for part in parts):
        return "is never part of a skill"
    return ""


def _check_collisions(paths: Iterable[str]) -> None:
    """No two names that a file system without case takes for one, and no file where a folder must be."""
    seen: dict[str, str] = {}
    for path in paths:
        for parent in _parents(path):
            if seen.setdefault(_folded(parent), f"{parent}/") != f"{parent}/":
                raise _collision(path)
        if _folded(path) in seen:
            raise _collision(path)
        seen[_folded(path)] = path


def _collision(path: str) -> SkillInvalid:
    return SkillInvalid(f"the file name {path!a} collides with another one in the skill")


def _parents(path: str) -> list[str]:
    """`a/b/c` -> `a`, `a/b`."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[: end + 1]) for end in range(len(parts))]


def _folded(path: str) -> str:
    return nfc(path.casefold())
