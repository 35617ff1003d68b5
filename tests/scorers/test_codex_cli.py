"""Codex as a scorer: what is run, with which of the user's own settings, and how what came back is read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from hivemind_skillopt.adapters.codex.cli import CodexCli
from hivemind_skillopt.adapters.codex.strict_schema import strict
from hivemind_skillopt.errors import ScorerFailed, SettingsError
from hivemind_skillopt.harness import Completed, ConfiguredCli
from hivemind_skillopt.ports import Question, UnusableAnswer
from hivemind_skillopt.scorers.judge import JudgeAnswer
from hivemind_skillopt.scorers.proposer import ProposerAnswer

QUESTION = Question("judge", "hivemind-skillopt/judge prompt v1", "untrusted text", {"type": "object"})
PRESCRIBED = (
    "codex exec --json -s read-only --skip-git-repo-check --ephemeral --ignore-rules --color never "
    "--disable hooks --disable shell_tool --disable unified_exec --disable view_image --disable goals "
    "--disable multi_agent --disable apps --disable plugins --disable memories --disable image_generation "
    "--disable unbounded_connection_retries "
    '-c agents.enabled=false -c web_search="disabled" -c skills.include_instructions=false -c project_doc_max_bytes=0'
)
OWN_PROVIDER = """\
model = "big-model"
model_provider = "corp"

[model_providers.corp]
base_url = "https://corp.example/v1"
env_key = "CORP_KEY"
env_http_headers = { "X-Team" = "CORP_TEAM" }

[model_providers.other]
env_key = "OTHER_KEY"

[mcp_servers.tickets]
command = "tickets"

[mcp_servers.web-search]
url = "https://search.example"
"""


def cli(home: Path, config: str = "") -> CodexCli:
    (home / "config.toml").write_text(config)
    return CodexCli().at(home)


def own_arguments(made: CodexCli, question: Question = QUESTION) -> list[str]:
    """What stands between the prescribed beginning and end."""
    argv = made.command(question).argv
    assert " ".join(argv).startswith(PRESCRIBED)
    assert argv[-3:] == ("--output-schema", "schema.json", "-")
    return list(argv[len(PRESCRIBED.split()) : -3])


def test_untrusted_text_goes_by_stdin_alone() -> None:
    command = CodexCli().command(QUESTION)
    assert command.stdin == "hivemind-skillopt/judge prompt v1\n\nuntrusted text"
    assert not any("untrusted" in argument for argument in command.argv)
    assert [(name, json.loads(text)) for name, text in command.files] == [("schema.json", {"type": "object"})]


def objects(schema: object) -> Iterator[dict[str, Any]]:
    """Every object schema in it."""
    if isinstance(schema, dict):
        yield from [schema] if "properties" in schema else []
    for inner in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from objects(inner)


@pytest.mark.parametrize("shape", [JudgeAnswer, ProposerAnswer])
def test_the_schema_is_as_strict_as_the_api_demands(shape: type[BaseModel]) -> None:
    command = CodexCli().command(replace(QUESTION, schema=shape.model_json_schema()))
    schema = json.loads(command.files[0][1])
    found = list(objects(schema))
    assert set(found[0]["properties"]) == set(shape.model_fields)
    assert all(made["required"] == list(made["properties"]) for made in found)
    assert all(made["additionalProperties"] is False for made in found)
    assert not re.search(r'"(default|title|maxLength|maxItems|maximum)":', command.files[0][1])


def test_a_property_may_be_called_like_a_keyword() -> None:
    asked = {"type": "object", "properties": {"default": {"type": "string", "default": ""}}}
    assert strict(asked) == {
        "type": "object",
        "properties": {"default": {"type": "string"}},
        "required": ["default"],
        "additionalProperties": False,
    }


def test_the_users_config_is_left_out_but_for_the_model(tmp_path: Path) -> None:
    assert isinstance(CodexCli(), ConfiguredCli)
    assert own_arguments(cli(tmp_path)) == ["--ignore-user-config"]
    own = cli(tmp_path, 'model = "big-model"\n[mcp_servers.tickets]\ncommand = "tickets"\n')
    assert own_arguments(own) == ["--ignore-user-config", "-m", "big-model"]
    assert own_arguments(own, replace(QUESTION, model="small")) == ["--ignore-user-config", "-m", "small"]
    assert own_arguments(CodexCli().at(tmp_path / "none")) == ["--ignore-user-config"]


def test_the_users_own_provider_needs_the_config_without_its_programs(tmp_path: Path) -> None:
    own = cli(tmp_path, OWN_PROVIDER)
    off = ["notify=[]", "mcp_servers.tickets.enabled=false", "mcp_servers.web-search.enabled=false"]
    disabled = [part for value in off for part in ("-c", value)]
    assert own_arguments(own) == disabled
    assert own_arguments(own, replace(QUESTION, model="small")) == [*disabled, "-m", "small"]
    chosen = replace(QUESTION, model="small", provider="other")
    assert own_arguments(own, chosen) == [*disabled, "-c", 'model_provider="other"', "-m", "small"]


def test_the_keys_of_the_users_own_providers_reach_the_program(tmp_path: Path) -> None:
    passed = cli(tmp_path, OWN_PROVIDER).command(QUESTION).environ
    assert {"CODEX_HOME", "OPENAI_API_KEY", "CORP_KEY", "CORP_TEAM", "OTHER_KEY"} <= set(passed)
    assert "CORP_KEY" not in CodexCli().command(QUESTION).environ


@pytest.mark.parametrize(
    "line",
    [
        'profile = "work"',
        'openai_base_url = "https://x.example"',
        'chatgpt_base_url = "https://x.example"',
        'cli_auth_credentials_store = "keyring"',
    ],
)
def test_what_else_says_where_to_ask_and_how_to_log_in(tmp_path: Path, line: str) -> None:
    assert "--ignore-user-config" not in own_arguments(cli(tmp_path, line))


def test_a_server_that_cannot_be_switched_off_is_told(tmp_path: Path) -> None:
    strange = '\n[mcp_servers."my server"]\ncommand = "x"\n'
    with pytest.raises(SettingsError, match="my server"):
        cli(tmp_path, OWN_PROVIDER + strange).command(QUESTION)
    assert own_arguments(cli(tmp_path, strange)) == ["--ignore-user-config"]


STARTED = {"type": "turn.started"}
NOISE = {"type": "error", "message": "Reconnecting... 1/5"}
SAID = {"type": "item.completed", "item": {"type": "agent_message", "text": '{"outcome": "ok"}'}}
ENDED = {"type": "turn.completed", "usage": {"input_tokens": 100, "cached_input_tokens": 40, "output_tokens": 20}}


def run(*events: object, code: int = 0, stderr: str = "") -> Completed:
    return Completed(code, "".join(json.dumps(event) + "\n" for event in events), stderr)


def failed(message: str) -> dict[str, object]:
    return {"type": "turn.failed", "error": {"message": message}}


def test_the_last_message_is_the_answer() -> None:
    first = {"type": "item.completed", "item": {"type": "agent_message", "text": "Let me see."}}
    thought = {"type": "item.completed", "item": {"type": "reasoning", "text": "hm"}}
    answer = CodexCli().answer(run(STARTED, NOISE, first, SAID, thought, ENDED))
    assert json.loads(answer.text) == {"outcome": "ok"}
    assert (answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.cost_usd) == (100, 20, None)


def test_a_line_separator_within_the_answer_is_no_end_of_a_line() -> None:
    said = {"type": "item.completed", "item": {"type": "agent_message", "text": '{"reason": "a\u2028b"}'}}
    lines = [json.dumps(event, ensure_ascii=False) for event in (said, ENDED)]
    assert CodexCli().answer(Completed(0, "\n".join(lines), "")).text == said["item"]["text"]  # type: ignore[index]


def test_what_it_took_may_be_unknown() -> None:
    answer = CodexCli().answer(run(SAID, {"type": "turn.completed"}))
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (None, None)


@pytest.mark.parametrize("said", [[], [{**SAID, "item": {"type": "agent_message", "text": " "}}]])
def test_an_empty_answer_was_paid_for(said: list[object]) -> None:
    with pytest.raises(UnusableAnswer, match="empty") as raised:
        CodexCli().answer(run(STARTED, *said, ENDED))
    assert raised.value.usage.input_tokens == 100


@pytest.mark.parametrize(
    "completed",
    [
        run(STARTED, SAID, ENDED, code=1),
        run(STARTED, SAID),
        run(STARTED, SAID, failed("429")),
        run(),
        Completed(0, '{"outcome": "ok"}', ""),
        Completed(0, "null\n[]\n5\nno JSON\n" + json.dumps({"type": "turn.completed", "usage": 5}), ""),
    ],
    ids=["code", "not ended", "failed", "nothing", "no events", "odd events"],
)
def test_anything_else_is_no_answer(completed: Completed) -> None:
    with pytest.raises(ScorerFailed, match=r"^codex: "):
        CodexCli().answer(completed)


def test_the_reason_of_a_failure_is_short_and_has_no_secret() -> None:
    secret = "sk-proj-" + "a1B2c3D4e5F6g7H8i9J0k1L2"
    message = f"unexpected status 401: {secret}, url: https://corp.example/v1?key=1 {'x ' * 500}"
    with pytest.raises(ScorerFailed) as raised:
        CodexCli().answer(run(STARTED, NOISE, failed(message), code=1, stderr="WARNING: else\n"))
    told = str(raised.value)
    assert told.startswith("codex: unexpected status 401")
    assert secret not in told
    assert "corp.example" not in told
    assert len(told) < 250


@pytest.mark.parametrize(
    ("code", "stderr", "told"),
    [
        (1, "WARNING: x\nError loading config.toml: bad\n", "codex: Error loading config.toml: bad"),
        (-9, "half a line", "codex: ended with code -9"),
        (1, "", "codex: ended with code 1"),
    ],
)
def test_a_run_that_did_not_begin(code: int, stderr: str, told: str) -> None:
    with pytest.raises(ScorerFailed) as raised:
        CodexCli().answer(Completed(code, "", stderr))
    assert str(raised.value) == told
