"""The K-message judgment window as a pure state machine, and what counts as a reaction."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from hivemind_skillopt.model import DAY, SECOND, Invocation, Outcome
from hivemind_skillopt.settings import Mode

WINDOW_AGE = DAY
"""A window closes 24 h after its invocation (DESIGN 2)."""

CLOCK_SET_BACK = 600 * SECOND
"""Prompts are handled after the uses before them. One that is dated so long before them came after them all the same:
the clock was set back."""

MAX_ACKNOWLEDGING_WORDS = 3

ACKNOWLEDGING = frozenset(
    re.findall(
        r"\w+",
        """ok okay k thanks thank you thx ty great good nice perfect cool yes yep yeah yup sure fine done lgtm continue
        go on ahead proceed next super awesome excellent please do it danke merci gracias grazie obrigado spasibo""",
    )
)
"""Words that say nothing about the skill. Kept short: a word that is missing only costs a model call."""


class Closed(StrEnum):
    """Why a window was closed."""

    K_REACHED = "k_reached"
    SKILL_FAULT = "skill_fault"
    EXPIRED = "expired"
    INVOKED_AGAIN = "invoked_again"
    MODE_OFF = "mode_off"


@dataclass(frozen=True, slots=True)
class JudgmentWindow:
    """One invocation and how many reactions it may still take. The handles find it again in the transcript.

    `link`: where the org skill lay. `superseded_by`: the prompt that typed the same skill again; its words are the last
    that this window takes.
    """

    invocation: Invocation
    home: str
    store_id: str
    k: int
    mode: Mode
    tool_use_id: str = ""
    prompt_id: str = ""
    agent_id: str = ""
    transcript_path: str = ""
    link: str = ""
    superseded_by: str = ""
    accepted: int = 0
    closed: Closed | None = None

    @property
    def opened_at(self) -> int:
        """ns."""
        return self.invocation.invoked_at

    def takes(self, prompt_id: str, at: int) -> bool:
        """Can this prompt be a reaction to this window? Not the prompt that opened it, and not an earlier one."""
        own_prompt = bool(prompt_id) and prompt_id == self.prompt_id
        if self.superseded_by and prompt_id != self.superseded_by:
            return False
        return self.closed is None and not own_prompt and at > self.opened_at

    def accept(self) -> JudgmentWindow:
        """Count one reaction; the K-th closes the window."""
        accepted = self.accepted + 1
        return replace(self, accepted=accepted, closed=Closed.K_REACHED if accepted >= self.k else self.closed)

    def close(self, reason: Closed) -> JudgmentWindow:
        """Closed windows stay as they are."""
        return self if self.closed else replace(self, closed=reason)

    def expire(self, now: int) -> JudgmentWindow:
        """Close it when its day has passed; a day too early means that the clock was set back."""
        return self.close(Closed.EXPIRED) if abs(now - self.opened_at) > WINDOW_AGE else self

    def moment(self, at: int) -> int:
        """When a prompt came that is handled now and dated `at`: after the use, if the clock was set back since."""
        return self.opened_at + 1 if self.opened_at - at > CLOCK_SET_BACK else at

    def after_verdict(self, outcome: Outcome, confidence: float, floor: float) -> JudgmentWindow:
        """A confident `skill_fault` closes the window, whatever the gate then says; others leave it open."""
        return self.close(Closed.SKILL_FAULT) if finds_fault(outcome, confidence, floor) else self


def finds_fault(outcome: Outcome, confidence: float, floor: float) -> bool:
    """A confident `skill_fault`: nothing more needs to be said about this use."""
    return outcome is Outcome.SKILL_FAULT and confidence >= floor


def is_acknowledgement(words: str) -> bool:
    """Empty, or at most three words that only acknowledge: it counts in K and costs no model call."""
    found = re.findall(r"[^\W_]+", words.lower())
    return len(found) <= MAX_ACKNOWLEDGING_WORDS and all(word in ACKNOWLEDGING for word in found)
