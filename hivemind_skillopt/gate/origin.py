"""The one check that needs evidence: whose words an edit is made of."""

from __future__ import annotations

from hivemind_skillopt.gate.candidate import Candidate, judged
from hivemind_skillopt.gate.finding import told
from hivemind_skillopt.gate.grounding import Ground, strangers, taken_away, unsaid
from hivemind_skillopt.gate.moves import moved
from hivemind_skillopt.gate.read_text import read_together
from hivemind_skillopt.gate.small_words import turned_round
from hivemind_skillopt.gate.typed import said
from hivemind_skillopt.gate.wishes import against_wish
from hivemind_skillopt.model import Check, Result

MOST_SENTENCES = 400
"""More new and gone sentences than fit into the limits on size; each is compared with each."""

LOOK = "Look whether the user asked for this, or a page that the agent read."


def provenance(candidate: Candidate) -> Check:
    """Words that nobody typed, and sentences that come or go without the human having spoken of them."""
    evidence = candidate.evidence
    if evidence is None:
        return Check("provenance", Result.PASS, "No evidence was given to compare with.")
    new, gone, parent = candidate.new_sentences, candidate.gone_sentences, candidate.before_md.body
    if len(new) + len(gone) > MOST_SENTENCES:
        return Check(
            "provenance", Result.HOLD, f"More than {MOST_SENTENCES} sentences differ. Look where they come from."
        )
    heard = said(evidence, parent)
    ground = Ground(heard, parent, gone)
    found = {
        "words that neither the user nor the skill uses": strangers(ground, new),
        "words that stand together in tool output or pasted text only": read_together(ground, heard.read, parent, new),
        "what the user did not ask for": unsaid(ground, new),
        "small words, signs or an order of words that the user did not ask for": turned_round(
            ground, heard.typed, new, gone
        ),
        "comes to stand elsewhere without the user's word": moved(ground, candidate),
        "what the user said not to do": against_wish(ground, heard.typed, new),
        "takes away what the user did not speak of": taken_away(ground, new, gone),
    }
    checks = [told("provenance", what, "", findings) for what, findings in found.items()]
    problem = " ".join(check.message.strip() for check in checks if check.result is not Result.PASS)
    fine = "The added words come from what the user typed and from the skill."
    return judged("provenance", Result.HOLD, problem and f"{problem} {LOOK}", fine)
