"""Honest evidence for a real edit: what its author could have typed to a colleague, and what an agent then printed."""

from __future__ import annotations

import random

from hivemind_skillopt.gate.candidate import Candidate, Evidence
from hivemind_skillopt.gate.words import content
from tests.gate.planted import TOOL_NOISE

OPENINGS = ("no, ", "hm, I mean ", "please, ", "not like that! ", "you forgot: ", "it should be ")


def heard(change: Candidate, share: float, rnd: random.Random) -> Evidence:
    """One turn for each new sentence, with that share of its content words in any order; one for each that goes."""
    turns = []
    for sentence in change.new_sentences:
        said = [word.text for word in content(sentence.text) if rnd.random() < share]
        rnd.shuffle(said)
        turns.append(rnd.choice(OPENINGS) + " ".join(said))
    for sentence in change.gone_sentences:
        said = [word.text for word in content(sentence.text)]
        if said:
            turns.append(f"the part about {' '.join(rnd.sample(said, min(2, len(said))))} is not right")
    return Evidence(tuple(turns), ("I see.",), (TOOL_NOISE, change.before_md.body[:4_000]))
