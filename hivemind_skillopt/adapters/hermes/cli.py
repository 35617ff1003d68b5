"""Hermes as a scorer: one turn without tools, plugins, hooks, memory or rules, and none to resume (contract 6).

Form B of the contract. `-Q` also matters for safety: without it Hermes would expand `@url:` and `@file:` in the text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from hivemind_skillopt.adapters.failure import failure
from hivemind_skillopt.adapters.hermes.payload import HARNESS
from hivemind_skillopt.errors import ScorerFailed
from hivemind_skillopt.harness import Command, Completed
from hivemind_skillopt.model import Usage
from hivemind_skillopt.ports import Answer, Question, UnusableAnswer

MAX_PROMPT_BYTES = (1 << 17) - 4096
"""Hermes takes a prompt from argv only, and the kernel refuses one argument of 128 KiB."""

OWN_ENVIRON = (
    "HERMES_HOME", "OPENROUTER_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "ANTHROPIC_TOKEN",
    "CLAUDE_CODE_OAUTH_TOKEN", "NOUS_API_KEY", "GOOGLE_API_KEY", "GEMINI_API_KEY", "DEEPSEEK_API_KEY", "XAI_API_KEY",
    "GROQ_API_KEY", "MISTRAL_API_KEY", "KIMI_API_KEY", "GLM_API_KEY", "MINIMAX_API_KEY", "HF_TOKEN",
    "AWS_PROFILE", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
)  # fmt: skip
"""Where the user's home is, and keys that are not in its `.env`. No HERMES_SESSION_*: those are of the user's run."""

APART = (("HERMES_SAFE_MODE", "1"), ("HERMES_SESSION_SOURCE", "tool"))
"""No plugin and no hook runs; and the user's next `hermes -c` does not resume this session (seen)."""

ALONE = ("--toolsets", "context_engine", "--ignore-rules", "--max-turns", "1", "--source", "tool")
"""`context_engine` is the toolset without tools; an empty name would mean ALL tools."""


class HermesCli:
    """The argv and the reading of its answer. Tested against the real program."""

    name = HARNESS
    program = "hermes"
    tool_free = True

    def command(self, question: Question) -> Command:
        """Raises ScorerFailed for a text that the program cannot be given."""
        prompt = _prompt(question)
        size = len(prompt.encode("utf-8", "replace"))
        if size > MAX_PROMPT_BYTES:
            raise ScorerFailed(f"hermes takes at most {MAX_PROMPT_BYTES} bytes, and the {question.role} needs {size}")
        argv = [self.program, "chat", "-Q", "-q", prompt, *ALONE]
        argv += ["-m", question.model] if question.model else []
        argv += ["--provider", question.provider] if question.provider else []
        return Command(tuple(argv), "", OWN_ENVIRON, APART)

    def answer(self, completed: Completed) -> Answer:
        """Exit code 0 and a JSON object: warnings may stand before it, an API error may stand in its place."""
        usage = Usage(scorer=self.name, model="", input_tokens=None, output_tokens=None, cost_usd=None)
        said = completed.stdout.strip()
        if completed.returncode != 0:
            raise UnusableAnswer(f"hermes: {_last_line(said or completed.stderr)}", usage)
        *_, found = ["", *_objects(said)]
        if not found:
            raise UnusableAnswer(f"hermes gave no JSON: {_last_line(said) or 'an empty answer'}", usage)
        return Answer(found, usage)


def _prompt(question: Question) -> str:
    """There is no system text to give: all in one. NUL cannot be in an argument."""
    schema = json.dumps(question.schema)
    asked = f"Answer with one JSON object that fits this JSON schema, and with nothing else:\n{schema}"
    return f"{question.system}\n\n{asked}\n\n{question.prompt}".replace("\0", "")


def _objects(text: str) -> Iterator[str]:
    """The JSON objects that begin a line, in order."""
    decoder, position = json.JSONDecoder(), 0
    while (at := text.find("{", position)) >= 0:
        position = at + 1
        if at and text[at - 1] != "\n":
            continue
        try:
            _, position = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            continue
        yield text[at:position]


def _last_line(text: str) -> str:
    return failure(text.strip().rpartition("\n")[2])
