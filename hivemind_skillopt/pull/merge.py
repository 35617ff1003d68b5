"""A three-way merge of skill folders, file by file. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from hivemind_skillopt.model import SkillFile, SkillFolder


@dataclass(frozen=True, slots=True)
class Merged:
    """`conflicts`: the files that a person has to look at; then `folder` is of no use."""

    folder: SkillFolder
    conflicts: tuple[str, ...]


def merge_folders(base: SkillFolder, mine: SkillFolder, theirs: SkillFolder) -> Merged:
    """What `mine` did to `base`, done to `theirs`."""
    sides = [{file.path: file for file in folder.files} for folder in (base, mine, theirs)]
    files: list[SkillFile] = []
    conflicts: list[str] = []
    for path in sorted({path for side in sides for path in side}):
        try:
            merged = _merge_file(*(side.get(path) for side in sides))
        except _ConflictError:
            conflicts.append(path)
        else:
            files += [merged] if merged else []
    return Merged(SkillFolder(tuple(files)), tuple(conflicts))


class _ConflictError(Exception):
    """Both sides changed the same thing."""


def _merge_file(base: SkillFile | None, mine: SkillFile | None, theirs: SkillFile | None) -> SkillFile | None:
    """None: it is deleted. One side's change is taken as it is, whatever is in the file."""
    if mine in (base, theirs):
        return theirs
    if theirs == base:
        return mine
    if base is None or mine is None or theirs is None:
        raise _ConflictError
    executable = theirs.executable if mine.executable == base.executable else mine.executable
    return SkillFile(base.path, _merge_text(base.data, mine.data, theirs.data), executable)


def _merge_text(base: bytes, mine: bytes, theirs: bytes) -> bytes:
    if mine in (base, theirs):
        return theirs
    if theirs == base:
        return mine
    if not all(map(_is_text, (base, mine, theirs))):
        raise _ConflictError
    return b"".join(_merge_lines(_lines(base), _lines(mine), _lines(theirs)))


def _merge_lines(base: list[bytes], mine: list[bytes], theirs: list[bytes]) -> list[bytes]:
    """Both sides' hunks; what both did alike is done once. Hunks that overlap or touch are for a person, as in git."""
    hunks = sorted({*_hunks(base, mine), *_hunks(base, theirs)})
    if any(later.start <= earlier.end for earlier, later in pairwise(hunks)):
        raise _ConflictError
    merged = list(base)
    for hunk in reversed(hunks):
        merged[hunk.start : hunk.end] = hunk.lines
    return merged


@dataclass(frozen=True, slots=True, order=True)
class _Hunk:
    """These lines of the base become those."""

    start: int
    end: int
    lines: tuple[bytes, ...]


def _hunks(base: Sequence[bytes], side: Sequence[bytes]) -> list[_Hunk]:
    changes = SequenceMatcher(None, base, side, autojunk=False).get_opcodes()
    return [_Hunk(start, end, tuple(side[first:last])) for tag, start, end, first, last in changes if tag != "equal"]


def _is_text(data: bytes) -> bool:
    try:
        return "\0" not in data.decode("utf-8")
    except UnicodeDecodeError:
        return False


def _lines(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True)
