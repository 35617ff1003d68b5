"""Where added words come from: a tool's output or a pasted block must not write into a skill by itself."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from hivemind_skillopt.gate.candidate import Evidence

GRAM_WORDS = 5
PASTED_LINES = 10
"""A human turn with more lines than this counts as pasted, all of it: who types does not type that much."""

_WORD = re.compile(r"\w+")


def foreign_words(before: str, after: str, evidence: Evidence) -> str:
    """Added words that were read and not typed, or ''."""
    pasted = [turn for turn in evidence.human if _is_pasted(turn)]
    typed = [turn for turn in evidence.human if not _is_pasted(turn)]
    read = _grams([*evidence.tool, *pasted]) - _grams(typed)
    known = _grams([before])
    words = _words(after)
    return next((" ".join(gram) for gram in _windows(words) if gram in read and gram not in known), "")


def _is_pasted(turn: str) -> bool:
    return len(turn.strip().splitlines()) > PASTED_LINES


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def _windows(words: list[str]) -> Iterable[tuple[str, ...]]:
    return zip(*(words[start:] for start in range(GRAM_WORDS)), strict=False)


def _grams(texts: Iterable[str]) -> set[tuple[str, ...]]:
    return {gram for text in texts for gram in _windows(_words(text))}
