"""Just enough Markdown for the gate: sentences, fences, inline code. It errs towards seeing too much."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_FENCE = re.compile(r"[\s>]*(?:[-*+]\s+|\d+[.)]\s+)?(?P<marks>(?:\\?`){3,}|~{3,})\s*(?P<language>[\w.+#-]*)")
_ITEM = re.compile(r"[\s>]{0,40}(?:[-*+]\s+|\d+[.)]\s+|#{1,6}\s+|\|)+")
_SENTENCE_END = re.compile(r"(?<=[.!?。])[\"')\]*_`]*\s+|[;|]\s+")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the body; `line` is where its paragraph starts, counted from 1 in the body."""

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
    """Every line but the fences themselves. An open fence reaches to the end."""
    language: str | None = None
    marks = ""
    for number, line in enumerate(body.split("\n"), start=1):
        found = _FENCE.match(line)
        kind = found["marks"].replace("\\", "") if found else ""
        if found and language is None and "`" not in line[found.end() :].replace("\\`", ""):
            language, marks = found["language"].lower(), kind
        elif found and kind.startswith(marks) and language is not None and not found["language"]:
            language = None
        else:
            yield BodyLine(number, line, language)


def sentences(body: str) -> list[Sentence]:
    """Soft-wrapped lines are joined; a list item, heading, table row or line of code starts anew."""
    found = []
    for number, paragraph in _paragraphs(body):
        found += [Sentence(number, part) for part in _SENTENCE_END.split(paragraph) if part.strip()]
    return found


def _paragraphs(body: str) -> Iterator[tuple[int, str]]:
    start, words = 1, list[str]()
    for line in body_lines(body):
        text = plain(line.text)
        starts_anew = line.language is not None or not text.strip() or _ITEM.match(text)
        if starts_anew and words:
            yield start, " ".join(words)
            words = []
        start = start if words else line.number
        words += [text.strip()] if text.strip() else []
    if words:
        yield start, " ".join(words)


def plain(text: str) -> str:
    """Compatibility form without characters that have no width: as a model reads it."""
    normal = unicodedata.normalize("NFKC", text)
    without_width = [char for char in set(normal) if unicodedata.category(char) == "Cf"]  # a text has few characters
    return normal.translate(dict.fromkeys(map(ord, without_width))) if without_width else normal


def code_spans(text: str) -> list[str]:
    """What stands in backticks or quotes."""
    return [a or b or c for a, b, c in re.findall(r"`([^`\n]{1,400})`|'([^'\n]{4,400})'|\"([^\"\n]{4,400})\"", text)]
