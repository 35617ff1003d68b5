"""Claude Code as a scorer: headless, no tools, no hooks, no session left behind (contract 11)."""

from __future__ import annotations

import json
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hivemind_skillopt.adapters.base import refuse_provider
from hivemind_skillopt.adapters.claude_code.payload import HARNESS
from hivemind_skillopt.adapters.failure import failure
from hivemind_skillopt.errors import ScorerFailed
from hivemind_skillopt.harness import Command, Completed
from hivemind_skillopt.model import Usage
from hivemind_skillopt.ports import Answer, Question, UnusableAnswer

OWN_ENVIRON = (
    "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "ANTHROPIC_CUSTOM_HEADERS",
    "ANTHROPIC_DEFAULT_HAIKU_MODEL", "ANTHROPIC_DEFAULT_SONNET_MODEL", "ANTHROPIC_DEFAULT_OPUS_MODEL",
    "CLAUDE_CONFIG_DIR", "CLAUDE_CODE_OAUTH_TOKEN", "CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX",
    "AWS_PROFILE", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
    "AWS_BEARER_TOKEN_BEDROCK", "ANTHROPIC_BEDROCK_BASE_URL",
    "ANTHROPIC_VERTEX_PROJECT_ID", "CLOUD_ML_REGION", "GOOGLE_APPLICATION_CREDENTIALS",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "DISABLE_TELEMETRY", "DISABLE_AUTOUPDATER", "DISABLE_ERROR_REPORTING",
)  # fmt: skip

ONE_TRY = (("CLAUDE_CODE_MAX_RETRIES", "1"), ("API_TIMEOUT_MS", "60000"), ("DISABLE_AUTOUPDATER", "1"))
"""The CLI would try 11 times over three minutes; trying again is our queue's business."""

DEFAULT_MODELS = {"judge": "haiku", "proposer": "sonnet"}
"""A small model judges, a larger one writes. Any other role: the CLI's own default."""


class _Usage(BaseModel):
    model_config = ConfigDict(extra="ignore")
    input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    cache_read_input_tokens: int = 0
    output_tokens: int = 0

    @property
    def read(self) -> int:
        return self.input_tokens + self.cache_creation_input_tokens + self.cache_read_input_tokens


class _Result(BaseModel):
    model_config = ConfigDict(extra="ignore")
    is_error: bool
    subtype: str = ""
    result: str = ""
    structured_output: dict[str, object] | None = None
    total_cost_usd: float | None = None
    usage: _Usage | None = None
    model_usage: Annotated[dict[str, object], Field(alias="modelUsage")] = {}


class ClaudeCodeCli:
    """The argv and the reading of its answer. Tested against the real program."""

    name = HARNESS
    program = "claude"
    tool_free = True

    def command(self, question: Question) -> Command:
        """The prompt goes by stdin; argv holds our own text alone."""
        refuse_provider(self.name, question)
        argv = [
            self.program, "-p", "--output-format", "json", "--no-session-persistence",
            "--tools", "", "--strict-mcp-config", "--safe-mode",
            "--system-prompt", question.system, "--json-schema", json.dumps(question.schema),
        ]  # fmt: skip
        model = question.model or DEFAULT_MODELS.get(question.role)
        if model:
            argv += ["--model", model]
        return Command(tuple(argv), question.prompt, OWN_ENVIRON, ONE_TRY)

    def answer(self, completed: Completed) -> Answer:
        """`subtype` says "success" on an API error too: only `is_error` and the exit code tell."""
        try:
            result = _Result.model_validate_json(completed.stdout)
        except ValidationError:
            raise ScorerFailed(f"claude ended with code {completed.returncode} and no JSON result") from None
        if completed.returncode != 0 or result.is_error:
            raise UnusableAnswer(f"claude: {failure(result.result or result.subtype or 'failed')}", self._usage(result))
        text = json.dumps(result.structured_output) if result.structured_output is not None else result.result
        if not text.strip():
            raise UnusableAnswer("claude gave an empty answer", self._usage(result))
        return Answer(text, self._usage(result))

    def _usage(self, result: _Result) -> Usage:
        used = result.usage
        return Usage(
            scorer=self.name,
            model=", ".join(result.model_usage),
            input_tokens=used.read if used else None,
            output_tokens=used.output_tokens if used else None,
            cost_usd=result.total_cost_usd,
        )
