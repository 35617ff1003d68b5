"""A scorer and a budget for unit tests of the roles."""

from __future__ import annotations

import json
from collections.abc import Sequence

from hivemind_skillopt.errors import BudgetSpent
from hivemind_skillopt.model import Usage
from hivemind_skillopt.ports import Answer, Question


class CannedScorer:
    """Gives its answers in turn and keeps the questions. A value that is no text is sent as JSON."""

    name = "canned"

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.questions: list[Question] = []

    def ask(self, question: Question) -> Answer:
        self.questions.append(question)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        usage = Usage(self.name, "m", input_tokens=10, output_tokens=1, cost_usd=0.5)
        return Answer(answer if isinstance(answer, str) else json.dumps(answer), usage)


class CountingBudget:
    """So many calls and no more."""

    def __init__(self, calls: int = 100) -> None:
        self.left = calls
        self.settled: list[Usage] = []

    def reserve(self, role: str) -> int:
        if not self.left:
            raise BudgetSpent("no calls left")
        self.left -= 1
        return self.left

    def release(self, call_id: int) -> None:
        self.left += 1

    def settle(self, call_id: int, usage: Usage) -> None:
        self.settled.append(usage)


def texts(questions: Sequence[Question]) -> str:
    """All that a model was shown."""
    return "\n".join(question.system + question.prompt for question in questions)
