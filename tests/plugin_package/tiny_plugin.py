"""A third party's plugin: a gate check against shouting, and a scorer that takes every "always ..." at its word."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from hivemind_skillopt.errors import ScorerFailed
from hivemind_skillopt.gate.candidate import Candidate, CheckFunction
from hivemind_skillopt.hooks.specs import hookimpl
from hivemind_skillopt.model import Check, Result, Usage
from hivemind_skillopt.ports import Answer, Question, Scorer
from hivemind_skillopt.settings import Settings


def no_shouting(candidate: Candidate) -> Check:
    """Hold what adds an exclamation mark."""
    if "!" in candidate.added_text:
        return Check("no_shouting", Result.HOLD, "The change shouts.")
    return Check("no_shouting", Result.PASS, "Nobody shouts.")


class AlwaysScorer:
    """No model: the rule that the human states is the quote, the reason and the edit."""

    name = "tiny"

    def ask(self, question: Question) -> Answer:
        found = re.search(r"always [\w ]{8,}", question.prompt)
        if not found:
            raise ScorerFailed("nobody said what to do always")
        rule = found.group().strip()
        answer = self._verdict(rule) if question.role == "judge" else self._proposal(rule)
        return Answer(json.dumps(answer), Usage(self.name, "none", cost_usd=0.0))

    def _verdict(self, rule: str) -> dict[str, object]:
        return {"outcome": "skill_fault", "confidence": 0.9, "reason": "The skill lacks a rule.", "quote": rule}

    def _proposal(self, rule: str) -> dict[str, object]:
        return {
            "root_cause": "The skill lacks a rule.",
            "generality": "It was said with always.",
            "expected": {"signal": "nobody says it again", "horizon": "10 uses", "fallback": "roll back"},
            "edits": [{"op": "append", "target": None, "content": f"- {rule.capitalize()}."}],
            "no_change_reason": None,
        }


class RaisingScorer:
    """A scorer with a bug."""

    name = "raising"

    def ask(self, question: Question) -> Answer:
        raise KeyError(question.role)


@hookimpl
def gate_checks() -> Sequence[CheckFunction]:
    return (no_shouting,)


@hookimpl
def scorers(settings: Settings) -> Sequence[Scorer]:
    return (AlwaysScorer(), RaisingScorer())
