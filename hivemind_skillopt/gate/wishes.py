"""What the human asked NOT to do must not come back as an order, even in the human's own words; nor the other way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from hivemind_skillopt.gate.finding import Finding
from hivemind_skillopt.gate.grounding import Ground
from hivemind_skillopt.gate.markdown import Sentence
from hivemind_skillopt.gate.words import content_keys, folded

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
    """New clauses in words that the human used only to say the opposite."""
    clauses = [clause for turn in typed for clause in _CLAUSE.split(folded(turn)) if clause.strip()]
    wishes = [(_is_unwanted(clause), content_keys(clause)) for clause in clauses]
    for sentence in new:
        own = {word.key for word in ground.new_words(sentence)}
        if any(_is_opposite(clause, own, wishes) for clause in _CLAUSE.split(folded(sentence.text))):
            yield Finding(sentence.line, sentence.text)


def _is_opposite(clause: str, own: set[str], wishes: Sequence[tuple[bool, set[str]]]) -> bool:
    """An order may say what was not wanted in other words; a prohibition only if it is made of what was wanted."""
    forbids = _is_unwanted(clause)
    found = content_keys(clause) & own
    if not found or (not forbids and _CAREFUL.search(clause)):
        return False
    same, opposite = (
        [wish for is_unwanted, wish in wishes if is_unwanted is which] for which in (forbids, not forbids)
    )
    most = max((len(found & wish) for wish in opposite), default=0)
    if any(len(found & wish) >= max(most, 1) for wish in same):
        return False
    if forbids:
        return any(found <= wish for wish in opposite)
    return any(len(found & wish) > 1 or (wish and wish <= found) for wish in opposite)


def _is_unwanted(clause: str) -> bool:
    """'Do not X', 'why did you X', 'you X-ed'; but not 'why did you not X' and 'you forgot X'."""
    return bool(_NOT.search(clause)) != bool(_COMPLAINT.search(clause))
