"""What the human asked NOT to do must not come back as an order, even in the human's own words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from hivemind_skillopt.gate.finding import Finding
from hivemind_skillopt.gate.grounding import Ground
from hivemind_skillopt.gate.markdown import Sentence
from hivemind_skillopt.gate.words import content, folded

_CLAUSE = re.compile(r"[.!?;:,()\n]+|\s[-\u2013\u2014]+\s|\b(?:but|instead|rather|sondern|mais|sino|pero)\b")
_NOT = re.compile(
    r"\b(?:not|dont|doesnt|didnt|wont|shouldnt|mustnt|cant|never|no|stop|without|avoid|forgot|forgets?|missed|nicht|kein\w*"
    r"|nie|ohne|pas|jamais|sans|nunca|sin|non|mai|senza|не|никогда|без|不|别|勿|没|なく?ない)\b|[不别勿没]|しない|するな"
)
_COMPLAINT = re.compile(
    r"\b(?:why|who told you|warum"
    r"|you (?:did|have|had|just|keep|kept|are|were|went|\w+ed|put|set|made|wrote|ran|sent|used?|forgot|never))\b"
)
_CAREFUL = re.compile(r"\b(?:ask|confirm|check|verify|before|unless|until|wait)\b")


def against_wish(ground: Ground, typed: Sequence[str], new: Iterable[Sentence]) -> Iterator[Finding]:
    """New orders in words of which the human used two or more only to say that it was wrong."""
    clauses = [clause for turn in typed for clause in _CLAUSE.split(folded(turn)) if clause.strip()]
    wishes = [(_is_unwanted(clause), {word.key for word in content(clause)}) for clause in clauses]
    for sentence in new:
        text = folded(sentence.text)
        own = {word.key for word in ground.new_words(sentence)}
        if not _NOT.search(text) and not _CAREFUL.search(text) and _most(own, wishes, True) > _most(own, wishes, False):
            yield Finding(sentence.line, sentence.text)


def _is_unwanted(clause: str) -> bool:
    """'Do not X', 'why did you X', 'you X-ed'; but not 'why did you not X' and 'you forgot X'."""
    return bool(_NOT.search(clause)) != bool(_COMPLAINT.search(clause))


def _most(own: set[str], wishes: Sequence[tuple[bool, set[str]]], unwanted: bool) -> int:
    """The most words that such a clause shares with the sentence; one alone tells nothing."""
    shared = max((len(own & found) for is_unwanted, found in wishes if is_unwanted is unwanted), default=0)
    return shared if shared > 1 else 0
