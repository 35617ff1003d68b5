"""The two SDK scorers for tests: how each is built, what its API answers, where the schema stands in a request."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hivemind_skillopt.ports import Question, Scorer
from hivemind_skillopt.scorers.anthropic import AnthropicScorer
from hivemind_skillopt.scorers.judge import JudgeAnswer
from hivemind_skillopt.scorers.openai import OpenAIScorer
from hivemind_skillopt.settings import ModelApi as Access
from tests.scorers.model_api import Json, Served, as_json

KEY = "k-an-ordinary-word-of-a-key"  # no pattern of `redact` knows it
QUESTION = Question("judge", "the system text", "the untrusted prompt", JudgeAnswer.model_json_schema(), "small-model")
VERDICT: Json = {"outcome": "ok", "confidence": 0.9, "reason": "fine", "quote": None}


@dataclass(frozen=True)
class Vendor:
    """One of the two."""

    name: str
    scorer: Callable[[Access, float], Scorer]
    field: str  # of the request, with the schema
    path: str
    says: Callable[[object, str], Json]
    whole: str  # how a whole answer ends
    cut: str  # how one ends that ran out of tokens

    def ask(self, url: str, timeout: float = 30, question: Question = QUESTION, key: str = KEY) -> Any:
        return self.scorer(Access(url, key), timeout).ask(question)

    def answer(self, text: object, ends: str = "") -> Served:
        """What the API answers when the model said that; no text is sent as JSON."""
        said = text if isinstance(text, str) or text is None else json.dumps(text)
        return as_json(self.says(said, ends or self.whole))


def _message(text: object, ends: str) -> Json:
    content = [{"type": "thinking", "thinking": "hm", "signature": "s"}]
    content += [{"type": "text", "text": text}] if text is not None else []  # type: ignore[dict-item]
    usage = {"input_tokens": 90, "cache_creation_input_tokens": 4, "cache_read_input_tokens": 6, "output_tokens": 20}
    return {
        "id": "m", "type": "message", "role": "assistant", "model": "m", "content": content, "stop_reason": ends,
        "stop_sequence": None, "usage": usage,
    }  # fmt: skip


def _completion(text: object, ends: str) -> Json:
    message = {"role": "assistant", "content": text}
    return {
        "id": "c", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": ends}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    }  # fmt: skip


ANTHROPIC = Vendor("anthropic", AnthropicScorer, "output_config", "/v1/messages", _message, "end_turn", "max_tokens")
OPENAI = Vendor("openai", OpenAIScorer, "response_format", "/chat/completions", _completion, "stop", "length")
VENDORS = (ANTHROPIC, OPENAI)
