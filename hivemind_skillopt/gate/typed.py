"""What a human typed, apart from what they pasted: only the first may write into a skill."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from hivemind_skillopt.gate.candidate import Evidence
from hivemind_skillopt.gate.markdown import body_lines
from hivemind_skillopt.gate.words import words

PASTED_LINES = 10
PASTED_CHARS = 1_500
"""A turn with more than either counts as pasted, all of it: who complains does not type that much. The longest of 173
annotated reactions of real users has one line of 148 characters."""

COPIED_WORDS = 40
"""A run of so many words that also stands in what was read is a copy, whatever stands around it."""

QUOTED_WORDS = 4
"""In quotation marks, or as a line of its own in a longer turn, so many are enough."""

_DOCUMENT = re.compile(
    r"\s{0,3}(?:#{1,6}\s|[-=*_]{3,}\s*$|<[a-zA-Z!/]|\||diff --git|@@ |\[?\d{4}-\d\d-\d\d[ T]\d\d:|Traceback|"
    r"(?:From|To|Subject|Date|name|description):\s)|\s{4,}\S|\t"
)
"""From a line like this on, a turn is a document: heading, rule, markup, table, log, mail, front matter, code."""

_QUOTATION = re.compile(r"\"([^\"\n]{9,})\"|“([^”\n]{9,})”|«([^»\n]{9,})»|„([^“\n]{9,})“|`([^`\n]{9,})`|'([^'\n]{9,})'")


@dataclass(frozen=True, slots=True)
class Said:
    """The texts that were typed, one a turn, and the texts that were only read."""

    typed: tuple[str, ...]
    read: tuple[str, ...]


def said(evidence: Evidence) -> Said:
    """Take the human turns apart."""
    parts = [_parts(turn) for turn in evidence.human]
    read = [*evidence.tool, *(pasted for _, pasted in parts if pasted.strip())]
    runs = _Runs(read)
    typed = (runs.without_copies(text) for text, _ in parts)
    return Said(tuple(text for text in typed if text.strip()), tuple(read))


def _parts(turn: str) -> tuple[str, str]:
    """Typed and pasted lines of a turn, by its form alone."""
    lines = turn.strip().splitlines()
    if len(lines) > PASTED_LINES or len(turn) > PASTED_CHARS:
        return "", turn
    end = _document_start(lines)
    outside = {line.number for line in body_lines("\n".join(lines)) if line.language is None}
    typed = [n for n, line in enumerate(lines[:end]) if n + 1 in outside and not line.lstrip().startswith(">")]
    kept = set(typed)
    return "\n".join(lines[n] for n in typed), "\n".join(line for n, line in enumerate(lines) if n not in kept)


def _document_start(lines: list[str]) -> int:
    """Where a document begins: a line that looks like one, or what follows a colon and an empty line."""
    for n, line in enumerate(lines):
        if _DOCUMENT.match(line) or (n > 1 and not lines[n - 1].strip() and lines[n - 2].rstrip().endswith(":")):
            return n
    return len(lines)


class _Runs:
    """The runs of words of what was read."""

    def __init__(self, texts: list[str]) -> None:
        keys = [[word.key for word in words(text)] for text in texts]
        self._short = {gram for found in keys for gram in _grams(found, QUOTED_WORDS)}
        self._long = {gram for found in keys for gram in _grams(found, COPIED_WORDS)}

    def without_copies(self, turn: str) -> str:
        """The turn without lines and quotations that were read, and nothing of it where a long run was."""
        if any(gram in self._long for gram in _grams(_keys(turn), COPIED_WORDS)):
            return ""
        lines = turn.split("\n")
        if len(lines) == 1 and self._is_copy(turn):
            return turn  # a single sentence and nothing else: whoever sends it means it
        if len(lines) > 1:
            lines = [line for line in lines if not self._is_copy(line)]
        return _QUOTATION.sub(lambda found: " " if self._is_copy(found.group()) else found.group(), "\n".join(lines))

    def _is_copy(self, text: str) -> bool:
        """Most of it stands in what was read, in runs."""
        keys = _keys(text)
        grams = list(_grams(keys, QUOTED_WORDS))
        return bool(grams) and 2 * sum(gram in self._short for gram in grams) > len(grams)


def _keys(text: str) -> list[str]:
    return [word.key for word in words(text)]


def _grams(found: list[str], length: int) -> Iterator[tuple[str, ...]]:
    return zip(*(found[start:] for start in range(length)), strict=False)
