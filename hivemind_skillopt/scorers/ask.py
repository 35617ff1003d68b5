"""Ask a scorer for JSON of a given shape: budget first, one repair attempt, else no answer at all."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from hivemind_skillopt.errors import ScorerFailed, SettingsError
from hivemind_skillopt.model import Usage
from hivemind_skillopt.ports import Answer, Budget, Question, Scorer, UnusableAnswer

Shape = TypeVar("Shape", bound=BaseModel)

ECHO_CHARS = 16
"""So many characters of the prompt in a row are no coincidence."""


def ask_json(scorer: Scorer, budget: Budget, question: Question, shape: type[Shape]) -> tuple[Shape, Usage]:
    """The validated answer and what it took. Raises ScorerFailed, BudgetSpent."""
    first = _paid(scorer, budget, question)
    try:
        return _parse(shape, first.text), first.usage
    except ValidationError as error:
        second = _paid(scorer, budget, _repair(question, error))
    try:
        return _parse(shape, second.text), _sum(first.usage, second.usage)
    except ValidationError:
        raise ScorerFailed(f"{scorer.name} did not answer with the JSON asked for") from None


def _paid(scorer: Scorer, budget: Budget, question: Question) -> Answer:
    """One call, counted before it is made, whatever becomes of it."""
    call_id = budget.reserve(question.role)
    try:
        answer = scorer.ask(question)
    except SettingsError:
        budget.release(call_id)
        raise
    except UnusableAnswer as error:
        budget.settle(call_id, error.usage)
        raise ScorerFailed(without_echo(str(error), question)) from error
    except ScorerFailed as error:
        raise ScorerFailed(without_echo(str(error), question)) from error
    budget.settle(call_id, answer.usage)
    return answer


def without_echo(message: str, question: Question) -> str:
    """A server may say back what it was sent, and errors are logged: the message ends where that begins."""
    said, sent = " ".join(message.split()), " ".join(question.prompt.split())
    starts = range(len(said) - ECHO_CHARS + 1)
    echo = next((start for start in starts if said[start : start + ECHO_CHARS] in sent), None)
    return said if echo is None else f"{said[:echo]}[...]"


def _parse(shape: type[Shape], text: str) -> Shape:
    """The whole answer must be JSON; only a Markdown code fence around it is forgiven."""
    stripped = text.strip()
    if stripped.startswith("```") and stripped.endswith("```"):
        stripped = stripped.strip("`").removeprefix("json").strip()
    return shape.model_validate_json(stripped)


def _repair(question: Question, error: ValidationError) -> Question:
    wrong = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'answer'}: {e['msg']}" for e in error.errors()[:5])
    ask = f"\n\nYour last answer could not be used ({wrong}). Answer again, with the JSON object alone."
    return replace(question, prompt=question.prompt + ask)


def _sum(first: Usage, second: Usage) -> Usage:
    return replace(
        second,
        calls=first.calls + second.calls,
        input_tokens=_plus(first.input_tokens, second.input_tokens),
        output_tokens=_plus(first.output_tokens, second.output_tokens),
        cost_usd=_plus(first.cost_usd, second.cost_usd),
    )


Number = TypeVar("Number", int, float)


def _plus(first: Number | None, second: Number | None) -> Number | None:
    """Unknown stays unknown."""
    return None if first is None or second is None else first + second
