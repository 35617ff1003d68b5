"""Codex as a scorer: headless, read-only, no hooks, no session left behind, as few tools as can be (contract 8).

The user's config.toml is left out, because MCP servers in it would be started and could be called by a model that
reads untrusted text. Where it says which server to ask or how to log in, it is needed: then each MCP server is switched
off by name, and `notify`, which runs a program. The user's own choice of a model counts either way.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import Field, ValidationError

from hivemind_skillopt.adapters.codex.payload import HARNESS
from hivemind_skillopt.adapters.codex.strict_schema import strict
from hivemind_skillopt.adapters.codex.user_config import UserConfig, read_user_config
from hivemind_skillopt.adapters.failure import failure
from hivemind_skillopt.adapters.jsonl_tail import Lenient
from hivemind_skillopt.errors import ScorerFailed, SettingsError
from hivemind_skillopt.harness import Command, Completed
from hivemind_skillopt.model import Usage
from hivemind_skillopt.ports import Answer, Question, UnusableAnswer

OWN_ENVIRON = (
    "CODEX_HOME", "CODEX_SQLITE_HOME", "CODEX_API_KEY", "CODEX_ACCESS_TOKEN", "CODEX_CA_CERTIFICATE",
    "OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORGANIZATION", "OPENAI_PROJECT",
    "AWS_PROFILE", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
    "AWS_BEARER_TOKEN_BEDROCK",
)  # fmt: skip
"""Besides these, the variables that the user's config.toml names for the keys of providers."""

SCHEMA = "schema.json"
OFF = (
    "hooks", "shell_tool", "unified_exec", "view_image", "goals", "multi_agent", "apps", "plugins", "memories",
    "image_generation", "unbounded_connection_retries",
)  # fmt: skip
"""The last: where there is no network, the run ends at once instead of never."""
OVERRIDES = ("agents.enabled=false", 'web_search="disabled"', "skills.include_instructions=false",
             "project_doc_max_bytes=0")  # fmt: skip


class _Error(Lenient):
    message: str = ""


class _Item(Lenient):
    type: str = ""
    text: str = ""


class _Usage(Lenient):
    input_tokens: int = Field(ge=0)
    output_tokens: int = Field(ge=0)


class _Event(Lenient):
    """One line of stdout, in which a turn that is whole ends with `turn.completed`."""

    type: str = ""
    item: _Item = _Item()
    usage: _Usage | None = None
    error: _Error = _Error()


class CodexCli:
    """The argv and the reading of its answer. Tested against the real program."""

    name = HARNESS
    program = "codex"
    tool_free = True

    def __init__(self, config: UserConfig | None = None) -> None:
        self._config = config or UserConfig()

    def at(self, home: Path) -> CodexCli:
        """With the user's own provider, where one is configured. Raises SettingsError."""
        return CodexCli(read_user_config(home))

    def command(self, question: Question) -> Command:
        """Codex takes no system prompt: it goes before the prompt, on stdin. argv holds our own text alone."""
        argv = [
            self.program, "exec", "--json", "-s", "read-only", "--skip-git-repo-check", "--ephemeral", "--ignore-rules",
            "--color", "never", *_each("--disable", *OFF), *_each("-c", *OVERRIDES), *self._user_config(question),
            "--output-schema", SCHEMA, "-",
        ]  # fmt: skip
        return Command(
            argv=tuple(argv),
            stdin=f"{question.system}\n\n{question.prompt}",
            environ=(*OWN_ENVIRON, *self._config.environ),
            extra_environ=(),
            files=((SCHEMA, json.dumps(strict(dict(question.schema)))),),
        )

    def answer(self, completed: Completed) -> Answer:
        """The last message of a turn that was completed. Codex does not hold it against the schema (seen)."""
        events = list(_events(completed.stdout))
        ended = next((event for event in events if event.type == "turn.completed"), None)
        if completed.returncode != 0 or ended is None:
            raise ScorerFailed(f"codex: {_reason(completed, events)}")
        said = [event.item.text for event in events if event.item.type == "agent_message"]
        if not said or not said[-1].strip():
            raise UnusableAnswer("codex gave an empty answer", self._usage(ended.usage))
        return Answer(said[-1], self._usage(ended.usage))

    def _user_config(self, question: Question) -> list[str]:
        """Whether the user's config.toml counts, and which model and provider."""
        config = self._config
        if not (config.is_needed or question.provider):
            model = question.model or config.model
            return ["--ignore-user-config", *(["-m", model] if model else [])]
        if config.nameless_servers:
            raise SettingsError(
                f"Codex's MCP server '{config.nameless_servers[0]}' cannot be switched off for the scorer; "
                "name it with letters, digits, - and _ alone"
            )
        off = ["notify=[]", *(f"mcp_servers.{server}.enabled=false" for server in config.mcp_servers)]
        provider = [f"model_provider={json.dumps(question.provider)}"] if question.provider else []
        return [*_each("-c", *off, *provider), *(["-m", question.model] if question.model else [])]

    def _usage(self, used: _Usage | None) -> Usage:
        """Tokens, never money, nor which model it was."""
        return Usage(self.name, "", 1, used.input_tokens if used else None, used.output_tokens if used else None)


def _each(option: str, *values: str) -> list[str]:
    return [part for value in values for part in (option, value)]


def _events(stdout: str) -> Iterator[_Event]:
    """Lines that are none are left out."""
    for line in stdout.split("\n"):
        with suppress(ValidationError):
            yield _Event.model_validate_json(line)


def _reason(completed: Completed, events: Sequence[_Event]) -> str:
    """What Codex says of it."""
    failed = [event.error.message for event in events if event.type == "turn.failed"]
    stderr = [line for line in completed.stderr.splitlines() if line.strip()]
    said = failed[-1:] or (stderr[-1:] if completed.returncode > 0 and not events else [])
    return failure(said[0] if said else f"ended with code {completed.returncode}")
