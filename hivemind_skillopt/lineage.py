"""Which version brought each line of a skill's file. Pure.

A version brings the lines that it has and its parent had not. A rollback brings none: its lines are those of the
version that it goes back to, with their own origins. A line that moves within one version was not written anew; a
second copy of a line was. How a line ends (LF, CRLF, nothing) is not looked at.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

MAX_ROUNDS = 8
"""How often a gap between two anchors is searched for anchors of its own: the work never grows with a text's square."""
MAX_GAP = 2_500
"""Lines of one gap times lines of the other that are compared all with all."""

Pair = tuple[int, int]
"""The place of a line in the old text, and in the new one."""


@dataclass(frozen=True, slots=True)
class FileText:
    """A file as one version has it; '' where that version lacks it. `reverts`: the version that it goes back to."""

    version: int
    text: str
    reverts: int | None = None


@dataclass(frozen=True, slots=True)
class TracedLine:
    """A line without its end, and the version that brought it."""

    text: str
    version: int


def trace(texts: Sequence[FileText]) -> tuple[TracedLine, ...]:
    """The lines of the last text. The texts: all versions up to it, oldest first."""
    known: dict[int | None, tuple[TracedLine, ...]] = {}
    last: tuple[TracedLine, ...] = ()
    for text in texts:
        before = known.get(text.reverts, last)
        last = known[text.version] = _carried(before, split_lines(text.text), text.version)
    return last


def split_lines(text: str) -> list[str]:
    """As editors count them: LF and CRLF end a line, nothing else does."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    return lines if lines[-1] else lines[:-1]


def _carried(before: Sequence[TracedLine], lines: Sequence[str], version: int) -> tuple[TracedLine, ...]:
    """The lines that stand in both keep their origins; the others are this version's."""
    pairs = dict(_same([line.text for line in before], lines))
    origins = {new: before[old].version for old, new in pairs.items()}
    moved = _left(before, pairs)
    for number, line in enumerate(lines):
        if number not in origins and moved[line]:
            origins[number] = moved[line].popleft()
    return tuple(TracedLine(line, origins.get(number, version)) for number, line in enumerate(lines))


def _left(before: Sequence[TracedLine], pairs: dict[int, int]) -> defaultdict[str, deque[int]]:
    """The origins of the lines with words that are gone from their place: the same line elsewhere was moved there."""
    left: defaultdict[str, deque[int]] = defaultdict(deque)
    for number, line in enumerate(before):
        if number not in pairs and any(map(str.isalnum, line.text)):
            left[line.text].append(line.version)
    return left


def _same(old: Sequence[str], new: Sequence[str]) -> Iterator[Pair]:
    """Pairs of equal lines, in the order of both: patience diff, so that lines which occur once hold the others."""
    gaps = [(0, len(old), 0, len(new), MAX_ROUNDS)]
    while gaps:
        a, b, c, d, rounds = gaps.pop()
        while a < b and c < d and old[a] == new[c]:
            yield a, c
            a, c = a + 1, c + 1
        while a < b and c < d and old[b - 1] == new[d - 1]:
            b, d = b - 1, d - 1
            yield b, d
        anchors = [(a + x, c + y) for x, y in _anchors(old[a:b], new[c:d])] if rounds else []
        if anchors:
            starts, ends = [(a, c), *anchors], [*anchors, (b, d)]
            gaps += [(x, z, y, w, rounds - 1) for (x, y), (z, w) in zip(starts, ends, strict=True)]
        elif 0 < (b - a) * (d - c) <= MAX_GAP:
            yield from ((a + x, c + y) for x, y in _compared(old[a:b], new[c:d]))


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[Pair]:
    """Lines that stand in each exactly once: as many as are in the same order in both."""
    places = {line: place for place, line in enumerate(old)}
    in_old, in_new = Counter(old), Counter(new)
    pairs = [(places[line], y) for y, line in enumerate(new) if in_old[line] == 1 == in_new[line]]
    return _longest_rising(pairs)


def _longest_rising(pairs: Sequence[Pair]) -> list[Pair]:
    """Of pairs in the order of their second place, the longest run whose first place rises, too."""
    piles: list[int] = []
    below: list[int | None] = []
    for number, (x, _) in enumerate(pairs):
        pile = _pile(pairs, piles, x)
        below.append(piles[pile - 1] if pile else None)
        piles[pile : pile + 1] = [number]
    found: list[Pair] = []
    at = piles[-1] if piles else None
    while at is not None:
        found.append(pairs[at])
        at = below[at]
    return found[::-1]


def _pile(pairs: Sequence[Pair], piles: Sequence[int], x: int) -> int:
    """The leftmost pile whose top is beyond `x`."""
    return bisect_left(piles, x, key=lambda number: pairs[number][0])


def _compared(old: Sequence[str], new: Sequence[str]) -> Iterator[Pair]:
    for block in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        for offset in range(block.size):
            yield block.a + offset, block.b + offset
