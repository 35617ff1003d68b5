"""What a human typed, apart from what they pasted: only the first may write into a skill."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from hivemind_skillopt.gate.candidate import Evidence
from hivemind_skillopt.gate.markdown import body_lines, sentences
from hivemind_skillopt.gate.words import words

PASTED_LINES = 10
PASTED_CHARS = 1_500
"""A turn with more than either counts as pasted, all of it: who complains does not type that much. The longest of 173
annotated reactions of real users has one line of 148 characters."""

COPIED_WORDS = 40
"""A run of so many words that also stands in what was read is a copy, whatever stands around it."""

RUN_WORDS = 5
"""A run of so many words that also stands in what was read is left out, wherever lines end."""

QUOTED_WORDS = 4
"""In quotation marks, or as a line of its own in a longer turn, so many are enough."""

_DOCUMENT = re.compile(
    r"\s{0,3}(?:#{1,6}\s|[-=*_]{3,}\s*$|<[a-zA-Z!/]|\||diff --git|@@ |[\[{]\s*[\"'\[{]|//|https?://|Traceback"
    r"|\[?\d{4}-\d\d-\d\d[ T]\d\d:|[\[(]?\d{1,2}:\d\d\b|(?:From|To|Subject|Date|name|description):\s)|\s{4,}\S|\t"
)
"""From a line like this on, a turn is a document: heading, rule, markup, table, log, mail, front matter, code."""

_REPORTED = re.compile(
    r"(?i)\b(?:pages?|site|docs?|documents?|tickets?|issues?|e-?mails?|messages?|posts?|articles?|readme|wiki|logs?|it|he"
    r"|she|they)\s+(?:says?|said|wrote|writes|reads|states?|suggests?|recommends?|tells?\s+(?:me|us|you))\b"
    r"|\b(?:here(?:\s+is|\s+are|'s)|this\s+is|i\s+got|look\s+at|from|see|read|answer|fix|summari[sz]e|translate)\b"
    r"[^.!?\n]*:\s*$"
)
"""From here on a line, and all lines after it, is what somebody else wrote."""

_QUOTATION = re.compile(r"\"([^\"\n]{9,})\"|“([^”\n]{9,})”|«([^»\n]{9,})»|„([^“\n]{9,})“|`([^`\n]{9,})`|'([^'\n]{9,})'")


@dataclass(frozen=True, slots=True)
class Said:
    """The texts that were typed, one a turn, and the texts that were only read."""

    typed: tuple[str, ...]
    read: tuple[str, ...]


def said(evidence: Evidence, parent: str = "") -> Said:
    """Take the human turns apart. Lines of the skill, which an agent reads too, are nobody's to copy."""
    parts = [_parts(turn) for turn in evidence.human]
    read = [*evidence.tool, *(pasted for _, pasted in parts if pasted.strip())]
    own = {line.strip() for line in parent.splitlines()}
    runs = _Runs(["\n".join(line for line in text.splitlines() if line.strip() not in own) for text in read])
    typed = (runs.without_copies(text) for text, _ in parts)
    return Said(tuple(text for text in typed if text.strip()), tuple(read))


def _parts(turn: str) -> tuple[str, str]:
    """Typed and pasted lines of a turn, by its form alone."""
    lines = turn.strip().splitlines()
    if len(lines) > PASTED_LINES or len(turn) > PASTED_CHARS:
        return "", turn
    lines = _apart(lines)
    end = _document_start(lines)
    outside = {line.number for line in body_lines("\n".join(lines)) if line.language is None}
    typed = [n for n, line in enumerate(lines[:end]) if n + 1 in outside and not line.lstrip().startswith(">")]
    kept = set(typed)
    return "\n".join(lines[n] for n in typed), "\n".join(line for n, line in enumerate(lines) if n not in kept)


def _apart(lines: list[str]) -> list[str]:
    """What is reported begins a line of its own, behind one that ends in a colon, and an empty one."""
    for n, line in enumerate(lines):
        if found := _REPORTED.search(line):
            return [
                *lines[:n],
                f"{line[: found.end()].rstrip(' :')}:",
                "",
                line[found.end() :].lstrip(" :"),
                *lines[n + 1 :],
            ]
    return lines


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
        self._runs = {gram for found in keys for gram in _grams(found, RUN_WORDS)}
        self._long = {gram for found in keys for gram in _grams(found, COPIED_WORDS)}

    def without_copies(self, turn: str) -> str:
        """The turn without lines, quotations and runs that were read, and nothing of it where a long run was.

        A single sentence and nothing else is typed: whoever sends it means it.
        """
        if any(gram in self._long for gram in _grams(_keys(turn), COPIED_WORDS)):
            return ""
        if len(sentences(turn)) == 1 and all(self._copied(_keys(turn))):
            return turn
        lines = turn.split("\n")
        if len(lines) > 1:
            lines = [line for line in lines if not self._is_copy(line)]
        text = _QUOTATION.sub(lambda found: " " if self._is_copy(found.group()) else found.group(), "\n".join(lines))
        return self._without_runs(text)

    def _without_runs(self, text: str) -> str:
        """What is left of a text in which a run was found says nothing together: a full stop for each gap."""
        found = words(text)
        copied = self._copied([word.key for word in found])
        if not any(copied):
            return text
        left = itertools.groupby(zip(copied, found, strict=True), key=lambda pair: pair[0])
        return ". ".join(" ".join(word.text for _, word in group) for is_copied, group in left if not is_copied)

    def _copied(self, found: list[str]) -> list[bool]:
        """Which of the words stand in a run that was read."""
        copied = [False] * len(found)
        for at, gram in enumerate(_grams(found, RUN_WORDS)):
            if gram in self._runs:
                copied[at : at + RUN_WORDS] = [True] * RUN_WORDS
        return copied

    def _is_copy(self, text: str) -> bool:
        """Most of it stands in what was read, in runs."""
        keys = _keys(text)
        grams = list(_grams(keys, QUOTED_WORDS))
        return bool(grams) and 2 * sum(gram in self._short for gram in grams) > len(grams)


def _keys(text: str) -> list[str]:
    return [word.key for word in words(text)]


def _grams(found: list[str], length: int) -> Iterator[tuple[str, ...]]:
    return zip(*(found[start:] for start in range(length)), strict=False)
