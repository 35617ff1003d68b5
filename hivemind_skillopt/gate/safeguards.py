"""Safeguards of the parent that the change takes away: a question, or the prohibition of what this gate would hold.

To add danger one need add nothing: 'Never push to main' becomes harmful when its first word goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from hivemind_skillopt.gate import phrases
from hivemind_skillopt.gate.finding import Finding
from hivemind_skillopt.gate.markdown import Sentence, sentences
from hivemind_skillopt.gate.orders import forbidden_orders
from hivemind_skillopt.gate.words import content_keys

_QUESTION = re.compile(
    r"(?i)\b(?:ask|confirm|check|verify|agree|wait)\b[^.!?\n]{0,20}\b(?:with|for|the|from)\s+(?:\w+\s+)?(?:users?|humans?|person|owners?"
    r"|customers?|approval|consent|permission)\b|\bask(?:ing)? (?:first|before)\b|\bask (?:them|me|him|her)\b"
    r"|\b(?:get|obtain|needs?|requires?|without)\s+(?:\w+\s+){0,2}(?:approvals?|consent|permission|confirmation|reviews?)\b"
    r"|\b(?:double-?check|wait\s+for|dry[-\s]runs?|back\s?ups?)\b|\btests?\b[^.!?\n]{0,30}\bbefore\b"
    r"|\bbefore\b[^.!?\n]{0,30}\btests?\b"
)

_NOT = re.compile(
    r"(?i)\b(?:never|not|\w+n['\u2019]t|no|cannot|avoid|without|nothing|nie|nicht|kein\w*|pas|jamais|nunca)\b"
    r"|\b(?:не|никогда|нельзя)\b|[不别勿]|禁止"
)


def weakened(after: str, gone: Sequence[Sentence], new: Sequence[Sentence]) -> Iterator[Finding]:
    """Gone sentences with a safeguard that no sentence of the proposed body about the same matter has."""
    lost = [sentence for sentence in gone if _is_safeguard(sentence.text)]
    guarding = (sentence.text for sentence in sentences(after) if _is_safeguard(sentence.text))
    kept = list(map(content_keys, guarding)) if lost else []
    for sentence in lost:
        own = content_keys(sentence.text)
        if not any(3 * len(own & matter) >= len(own) for matter in kept):
            yield Finding(0, sentence.text)
    yield from _turned_round(gone, new)


def _turned_round(gone: Sequence[Sentence], new: Sequence[Sentence]) -> Iterator[Finding]:
    """New sentences that say what a gone one forbade: most of the words, without the 'not'."""
    forbidden = [content_keys(sentence.text) for sentence in gone if _NOT.search(sentence.text)]
    for sentence in new if forbidden else ():
        own = content_keys(sentence.text)
        if not _NOT.search(sentence.text) and any(
            own and 3 * len(own & matter) >= 2 * len(matter) for matter in forbidden
        ):
            yield Finding(sentence.line, sentence.text)


def _is_safeguard(text: str) -> bool:
    return bool(_QUESTION.search(text)) or forbidden_orders(text) or phrases.forbids(text)
