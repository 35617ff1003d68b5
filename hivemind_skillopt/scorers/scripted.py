"""The scripted scorer: answers from a JSON file. For tests, the demo, and trying the product without a model.

    {"judge":    [{"when": "text in the prompt", "answer": {...}}, ...],
     "proposer": [{"answer": {...}}]}

The first rule whose `when` stands in the prompt answers (no `when`: always). `"fails": "why"` is a call
that fails; `"text": "..."` an answer as it stands, JSON or not.
"""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from hivemind_skillopt.errors import ScorerFailed, SettingsError
from hivemind_skillopt.model import Usage
from hivemind_skillopt.ports import Answer, Question


class Rule(BaseModel):
    """One scripted answer."""

    model_config = ConfigDict(extra="forbid")
    when: str = ""
    answer: dict[str, object] | None = None
    text: str | None = None
    fails: str | None = None


Script = dict[str, list[Rule]]


class ScriptedScorer:
    """Deterministic and without state: it may be asked from any process."""

    name = "scripted"

    def __init__(self, path: str) -> None:
        self._path = path

    def ask(self, question: Question) -> Answer:
        """The first fitting rule's answer. Raises ScorerFailed, SettingsError."""
        for rule in self.script().get(question.role, ()):
            if rule.when in question.prompt:
                return self._answer(rule)
        raise ScorerFailed(f"the script has no rule for this {question.role} call")

    def _answer(self, rule: Rule) -> Answer:
        if rule.fails is not None:
            raise ScorerFailed(rule.fails)
        text = rule.text if rule.text is not None else json.dumps(rule.answer)
        return Answer(text, Usage(self.name, "script", input_tokens=0, output_tokens=0, cost_usd=0.0))

    def script(self) -> Script:
        """The file's rules by role. Raises SettingsError."""
        if not self._path:
            raise SettingsError("the scripted scorer needs HIVEMIND_SKILLOPT_SCRIPT, the path of its JSON file")
        try:
            return TypeAdapter(Script).validate_json(Path(self._path).read_bytes())
        except OSError as error:
            raise SettingsError(f"the script {self._path} cannot be read: {error.strerror}") from error
        except ValidationError as error:
            raise SettingsError(f"the script {self._path} cannot be used: {error.errors()[0]['msg']}") from error
