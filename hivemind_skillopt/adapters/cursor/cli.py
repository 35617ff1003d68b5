"""Cursor's CLI as a scorer: headless, read-only, in an empty folder; not tool-free (contract 7). Not run here."""

from __future__ import annotations

import json
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hivemind_skillopt.adapters.base import refuse_provider
from hivemind_skillopt.adapters.cursor.payload import HARNESS
from hivemind_skillopt.adapters.failure import failure
from hivemind_skillopt.errors import ScorerFailed
from hivemind_skillopt.harness import Command, Completed
from hivemind_skillopt.model import Usage
from hivemind_skillopt.ports import Answer, Question, UnusableAnswer

PROGRAMS = ("cursor-agent", "agent")
"""The older name first: it is Cursor's alone, `agent` may be anybody's."""

OWN_ENVIRON = ("CURSOR_API_KEY",)

Tokens = Annotated[int, Field(ge=0, le=1_000_000_000)]


class _Usage(BaseModel):
    model_config = ConfigDict(extra="ignore")
    input: Tokens = Field(0, alias="inputTokens")
    output: Tokens = Field(0, alias="outputTokens")
    cache_read: Tokens = Field(0, alias="cacheReadTokens")
    cache_write: Tokens = Field(0, alias="cacheWriteTokens")


class _Result(BaseModel):
    model_config = ConfigDict(extra="ignore")
    is_error: bool
    subtype: str = ""
    result: str = ""
    usage: _Usage | None = None


class CursorCli:
    """The argv and the reading of its answer, as documented. No flag takes all tools away, so an SDK is preferred."""

    name = HARNESS
    tool_free = False

    def __init__(self, program: str = PROGRAMS[0]) -> None:
        self.program = program

    def command(self, question: Question) -> Command:
        """All text goes by stdin. Never `--force`; the workspace is the empty folder in which it runs."""
        refuse_provider(self.name, question)
        argv = [
            self.program, "-p", "--mode=ask", "--trust", "--sandbox", "enabled", "--output-format", "json",
            "--workspace", ".",
        ]  # fmt: skip
        if question.model:
            argv += ["--model", question.model]
        wanted = f"Use no tool. Answer with one JSON object of this schema alone:\n{json.dumps(question.schema)}"
        return Command(tuple(argv), "\n\n".join((question.system, question.prompt, wanted)), OWN_ENVIRON, ())

    def answer(self, completed: Completed) -> Answer:
        """Anything but a result without an error is none."""
        try:
            result = _Result.model_validate_json(completed.stdout)
        except ValidationError:
            raise ScorerFailed(f"{self.program} ended with code {completed.returncode} and no JSON result") from None
        usage = self._usage(result.usage)
        if completed.returncode != 0 or result.is_error:
            raise UnusableAnswer(f"{self.program}: {failure(result.result or result.subtype or 'failed')}", usage)
        if not result.result.strip():
            raise UnusableAnswer(f"{self.program} gave an empty answer", usage)
        return Answer(result.result, usage)

    def _usage(self, used: _Usage | None) -> Usage:
        """It tells tokens, neither the model nor the money."""
        if used is None:
            return Usage(self.name, "")
        return Usage(
            self.name, "", input_tokens=used.input + used.cache_read + used.cache_write, output_tokens=used.output
        )
