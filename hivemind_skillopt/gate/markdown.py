"""Just enough Markdown for the gate: sentences, fences, inline code. It errs towards seeing too much."""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_FENCE = re.compile(r"[\s>]*(?:[-*+]\s+|\d+[.)]\s+)?(?P<marks>(?:\\?`){3,}|~{3,})\s*(?P<language>[\w.+#-]*)")
_LANGUAGE = re.compile(r"[A-Za-z0-9+#]{0,12}")
_ITEM = re.compile(r"[\s>]{0,40}(?:[-*+]\s+|\d+[a-z]?[.)]\s+|#{1,6}\s+|\|)+")
_SENTENCE_END = re.compile(r"(?<=[.!?。])[\"')\]*_`]*\s+|[;|]\s+")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the body; `line` is where it starts, counted from 1 in the body."""

    line: int
    text: str

    @property
    def folded(self) -> str:
        """For comparison: without list markers, table bars, emphasis, white space and letter case."""
        return " ".join(re.sub(r"[*_|]", " ", _ITEM.sub("", self.text)).casefold().split())


@dataclass(frozen=True, slots=True)
class BodyLine:
    """One line and the fence it stands in: `language` is None outside of any, '' in one that names none."""

    number: int
    text: str
    language: str | None


def body_lines(body: str) -> Iterator[BodyLine]:
    """Every line but the fences themselves, and what a fence says besides a language: models read that, too.

    An open fence reaches to the end.
    """
    language: str | None = None
    marks = ""
    for number, line in enumerate(body.split("\n"), start=1):
        found = _FENCE.match(line)
        kind = found["marks"].replace("\\", "") if found else ""
        rest = line[found.end("marks") :].strip() if found else ""
        if found and language is None and "`" not in rest.replace("\\`", ""):
            language, marks = found["language"].lower(), kind
            if not _LANGUAGE.fullmatch(rest):
                yield BodyLine(number, rest, None)
        elif found and kind.startswith(marks) and language is not None and not rest:
            language = None
        else:
            yield BodyLine(number, line, language)


@functools.lru_cache(maxsize=8)
def sentences(body: str) -> tuple[Sentence, ...]:
    """Soft-wrapped lines are joined; a list item, heading, table row or line of code starts anew.

    Most checks ask for those of the same two bodies.
    """
    return tuple(sentence for paragraph in _paragraphs(body) for sentence in _split(paragraph))


def _split(paragraph: Sequence[BodyLine]) -> Iterator[Sentence]:
    """The sentences of joined lines, each with the line in which it starts, without a marker ('4.' is no sentence)."""
    text = " ".join(line.text for line in paragraph)
    ends = list(itertools.accumulate(len(line.text) + 1 for line in paragraph))
    marker = _ITEM.match(text)
    start = marker.end() if marker else 0
    for end, after in [
        *((found.start(), found.end()) for found in _SENTENCE_END.finditer(text)),
        (len(text), len(text)),
    ]:
        if text[start:end].strip():
            yield Sentence(paragraph[bisect_right(ends, start)].number, text[start:end])
        start = after


def _paragraphs(body: str) -> Iterator[list[BodyLine]]:
    found = list[BodyLine]()
    for line in body_lines(body):
        text = plain(line.text)
        starts_anew = line.language is not None or not text.strip() or _ITEM.match(text)
        if starts_anew and found:
            yield found
            found = []
        if text.strip():
            found.append(BodyLine(line.number, text.strip(), line.language))
    if found:
        yield found


def plain(text: str) -> str:
    """Compatibility form without characters that have no width: as a model reads it."""
    normal = unicodedata.normalize("NFKC", text)
    without_width = [char for char in set(normal) if unicodedata.category(char) == "Cf"]  # a text has few characters
    return normal.translate(dict.fromkeys(map(ord, without_width))) if without_width else normal


def code_spans(text: str) -> list[str]:
    """What stands in backticks or quotes."""
    return [a or b or c for a, b, c in re.findall(r"`([^`\n]{1,400})`|'([^'\n]{4,400})'|\"([^\"\n]{4,400})\"", text)]
