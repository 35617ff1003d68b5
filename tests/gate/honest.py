"""Honest evidence for a real edit: what its author could have typed to a colleague, and what an agent then printed."""

from __future__ import annotations

import random
import re

from hivemind_skillopt.gate.candidate import Candidate, Evidence
from hivemind_skillopt.gate.words import FREE, content, words
from tests.gate.planted import TOOL_NOISE

OPENINGS = ("no, ", "hm, I mean ", "please, ", "not like that! ", "you forgot: ", "it should be ")
CLAUSE = re.compile(r"[,;:()\u2013\u2014]+")


def heard(change: Candidate, share: float, rnd: random.Random) -> Evidence:
    """One turn for each new sentence: its clauses in any order, with that share of its content words; one for each
    that goes."""
    turns = []
    for sentence in change.new_sentences:
        clauses = [_typed(clause, share, rnd) for clause in CLAUSE.split(sentence.text)]
        rnd.shuffle(clauses)
        turns.append(rnd.choice(OPENINGS) + ", ".join(filter(None, clauses)))
    stays = {word.key for sentence in change.new_sentences for word in content(sentence.text)}
    for sentence in change.gone_sentences:
        found = content(sentence.text)
        said = [word.text for word in found if word.key not in stays] or [word.text for word in found]
        if said:
            turns.append(f"the part about {' '.join(rnd.sample(said, min(2, len(said))))} is not right")
    return Evidence(tuple(turns), ("I see.",), (TOOL_NOISE, change.before_md.body[:4_000]))


def _typed(clause: str, share: float, rnd: random.Random) -> str:
    return " ".join(word.text for word in words(clause) if word.key in FREE or rnd.random() < share)
