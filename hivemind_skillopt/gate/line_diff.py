"""Which lines a change adds and removes: the shortest line diff (Myers 1986), with a bound on its work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MAX_DISTANCE = 200
"""A multiple of what the gate lets pass (30 added, 15 removed). Beyond it the exact diff no longer matters."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file, `number` counted from 1."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class LineDiff:
    """Line ends belong to the lines: a file turned from LF to CRLF has every line removed and added."""

    added: tuple[Line, ...]
    removed: tuple[Line, ...]


def line_diff(before: str, after: str) -> LineDiff:
    """The shortest diff; beyond MAX_DISTANCE all between the first and the last change counts as changed."""
    old, new = _lines(before), _lines(after)
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    old_middle, new_middle = old[head : len(old) - tail], new[head : len(new) - tail]
    kept = _matches(old_middle, new_middle)
    kept_old, kept_new = {x for x, _ in kept}, {y for _, y in kept}
    return LineDiff(_without(new_middle, kept_new, head), _without(old_middle, kept_old, head))


def _without(lines: Sequence[str], kept: set[int], offset: int) -> tuple[Line, ...]:
    return tuple(Line(offset + i + 1, line) for i, line in enumerate(lines) if i not in kept)


def _lines(text: str) -> list[str]:
    """A missing last line end is no difference."""
    lines = text.split("\n")
    return [line + "\n" for line in (lines if lines[-1] else lines[:-1])]


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    shorter = min(len(old), len(new))
    return next((i for i in range(shorter) if old[i] != new[i]), shorter)


def _matches(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of equal lines on the shortest path; none where it is longer than MAX_DISTANCE."""
    furthest, rounds = {1: 0}, []
    for distance in range(min(len(old) + len(new), MAX_DISTANCE) + 1):
        rounds.append(dict(furthest))
        for k in range(-distance, distance + 1, 2):
            down = k == -distance or (k != distance and furthest[k - 1] < furthest[k + 1])
            x = _slide(old, new, furthest[k + 1] if down else furthest[k - 1] + 1, k)
            furthest[k] = x
            if x >= len(old) and x - k >= len(new):
                return _walk_back(rounds, len(old), len(new))
    return []


def _slide(old: Sequence[str], new: Sequence[str], x: int, k: int) -> int:
    while x < len(old) and x - k < len(new) and old[x] == new[x - k]:
        x += 1
    return x


def _walk_back(rounds: list[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    pairs = []
    for distance in range(len(rounds) - 1, -1, -1):
        furthest, k = rounds[distance], x - y
        down = k == -distance or (k != distance and furthest[k - 1] < furthest[k + 1])
        from_k = k + 1 if down else k - 1
        from_x = furthest[from_k]
        while x > max(from_x, 0) and y > max(from_x - from_k, 0):
            x, y = x - 1, y - 1
            pairs.append((x, y))
        x, y = from_x, from_x - from_k
    return pairs
