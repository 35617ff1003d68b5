"""The judge role: was the skill at fault? Its `skill_fault` must quote the human."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from hivemind_skillopt.model import Outcome, nfc
from hivemind_skillopt.ports import Budget, CaseFile, Judgement, Question, Scorer
from hivemind_skillopt.redaction import redact
from hivemind_skillopt.scorers.ask import ask_json
from hivemind_skillopt.scorers.prompt import (
    fence_rule,
    fenced,
    new_fence,
    skill_text,
    turn_text,
    turns_after_invocation,
    window_lines,
)
from hivemind_skillopt.settings import ModelChoice

ROLE = "judge"
PROMPT_VERSION = 1
MIN_QUOTE_CHARS = 12
"""Of a human turn after the invocation, or the whole reaction where that is shorter (DESIGN 7)."""

SYSTEM = """hivemind-skillopt/judge prompt v{version}
You are a strict reviewer of agent skills. A skill is a page of instructions that an agent loaded while it
worked for a user. After that the user wrote one or more reactions. Decide what the reactions say about the
skill, and about nothing else. Politeness and mood do not matter; what was done does.

Choose one outcome:
- "ok": the reactions show no problem, or the user is content, or simply goes on.
- "skill_fault": following the skill's own text led the agent astray: it says something wrong, outdated,
  dangerous or ambiguous for this case, or lacks a step without which the task fails. A better text would
  have prevented what the user complains about.
- "agent_fault": the skill's text was right, and the agent did not follow it or made its own mistake.
- "user_change": the user changed their mind, or asks for something new or more.
- "environment": a network, credential, permission, quota, tool or machine problem.
- "unclear": the reactions do not say enough. Prefer this over guessing.

{fence_rule}

Answer with one JSON object and nothing else:
{{"outcome": "...", "confidence": 0.0 to 1.0, "reason": "at most 300 characters, for the skill's author",
  "quote": "words copied exactly from the user's reaction that show it, or null"}}
A "skill_fault" needs a quote of at least {quote} characters, or the whole reaction if that is shorter."""


class JudgeAnswer(BaseModel):
    """What a judge must answer."""

    model_config = ConfigDict(extra="ignore")
    outcome: Outcome
    confidence: Annotated[float, Field(ge=0, le=1)]
    reason: Annotated[str, Field(max_length=2_000)]
    quote: str | None = None


class ModelJudge:
    """Asks a scorer."""

    def __init__(self, scorer: Scorer, budget: Budget, model: ModelChoice) -> None:
        self._scorer = scorer
        self._budget = budget
        self._model = model

    def __call__(self, case: CaseFile) -> Judgement:
        """One judgement of one case. A `skill_fault` without its quote is void: `unclear`."""
        answer, usage = ask_json(self._scorer, self._budget, self._question(case), JudgeAnswer)
        outcome, reason = answer.outcome, redact(answer.reason)[:300]
        quote = answer.quote if is_quoted(answer.quote, case) else None
        if outcome is Outcome.SKILL_FAULT and quote is None:
            outcome, reason = Outcome.UNCLEAR, f"void skill_fault, its quote is not the user's: {reason}"[:300]
        return Judgement(outcome, answer.confidence, reason, quote, PROMPT_VERSION, usage)

    def _question(self, case: CaseFile) -> Question:
        fence = new_fence()
        system = SYSTEM.format(version=PROMPT_VERSION, fence_rule=fence_rule(fence), quote=MIN_QUOTE_CHARS)
        parts = [
            f"The skill `{case.skill}` as the agent loaded it:",
            fenced("skill", skill_text(case.skill_text), fence),
            "The conversation around its use, and the reactions:",
            fenced("conversation", "\n\n".join(window_lines(case)), fence),
            "Judge the skill. Answer with the JSON object alone.",
        ]
        schema, model = JudgeAnswer.model_json_schema(), self._model
        return Question(ROLE, system, "\n\n".join(parts), schema, model.name, model.provider)


def is_quoted(quote: str | None, case: CaseFile) -> bool:
    """Is it the human's, after the invocation, and long enough? Compared as it was sent: redacted, NFC, folded."""
    if not quote:
        return False
    wanted = _folded(quote)
    for turn in turns_after_invocation(case):
        said = _folded(turn_text(turn)) if turn.who == "human" else ""
        if wanted in said and (len(wanted) >= MIN_QUOTE_CHARS or wanted == said):
            return True
    return False


def _folded(text: str) -> str:
    return " ".join(nfc(text).split())
