"""Claude Code as a scorer: what is run, and how what really came back is read."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hivemind_skillopt.adapters.claude_code.cli import ClaudeCodeCli
from hivemind_skillopt.adapters.cursor.cli import CursorCli
from hivemind_skillopt.adapters.failure import failure
from hivemind_skillopt.errors import ScorerFailed, SettingsError
from hivemind_skillopt.harness import AgentCli, Completed
from hivemind_skillopt.ports import Question, UnusableAnswer

PAYLOADS = Path(__file__).parent.parent / "payloads" / "claude_code"
QUESTION = Question("judge", "hivemind-skillopt/judge prompt v1", "untrusted text", {"type": "object"}, "haiku")


def completed(name: str) -> Completed:
    recorded = json.loads((PAYLOADS / name).read_text())
    stdout = recorded["stdout"]
    return Completed(
        recorded["exit_code"], stdout if isinstance(stdout, str) else json.dumps(stdout), recorded["stderr"]
    )


def test_a_structured_answer() -> None:
    answer = ClaudeCodeCli().answer(completed("result.structured.json"))
    assert json.loads(answer.text) == {"failed": True, "reason": "wrong env"}
    assert (answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.cost_usd) == (100, 20, 0.0002)
    assert answer.usage.model == "claude-haiku-4-5"


@pytest.mark.parametrize("name", ["success", "structured-not-called"])
def test_a_text_answer(name: str) -> None:
    answer = ClaudeCodeCli().answer(completed(f"result.{name}.json"))
    assert json.loads(answer.text)["failed"] is True


FAILURES = ["error-401", "error-429", "error-500", "timeout", "budget-exceeded", "max-turns"]


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_never_an_answer(name: str) -> None:
    with pytest.raises(ScorerFailed):
        ClaudeCodeCli().answer(completed(f"result.{name}.json"))


@pytest.mark.parametrize("stdout", ["", "null", "[]", "not JSON", '{"result": "no is_error"}'])
def test_anything_else_is_a_failure(stdout: str) -> None:
    with pytest.raises(ScorerFailed):
        ClaudeCodeCli().answer(Completed(0, stdout, ""))


def test_an_empty_result_is_a_failure() -> None:
    with pytest.raises(ScorerFailed, match="empty"):
        ClaudeCodeCli().answer(Completed(0, '{"is_error": false, "result": " "}', ""))


@pytest.mark.parametrize(("role", "model"), [("judge", "haiku"), ("proposer", "sonnet"), ("other", None)])
def test_the_model_is_the_questions_else_the_roles(role: str, model: str | None) -> None:
    def named(question: Question) -> str | None:
        argv = ClaudeCodeCli().command(question).argv
        return argv[argv.index("--model") + 1] if "--model" in argv else None

    assert named(replace(QUESTION, role=role, model="")) == model
    assert named(replace(QUESTION, role=role, model="opus")) == "opus"


def test_what_a_failed_run_took_is_told() -> None:
    with pytest.raises(UnusableAnswer) as raised:
        ClaudeCodeCli().answer(completed("result.budget-exceeded.json"))
    assert raised.value.usage.cost_usd


def test_untrusted_text_goes_by_stdin_alone() -> None:
    command = ClaudeCodeCli().command(QUESTION)
    assert command.stdin == "untrusted text"
    assert not any("untrusted" in argument for argument in command.argv)
    assert {"--safe-mode", "--no-session-persistence", "--strict-mcp-config"} <= set(command.argv)
    assert command.argv[command.argv.index("--tools") + 1] == ""
    assert command.argv[command.argv.index("--model") + 1] == "haiku"


@pytest.mark.parametrize("cli", [ClaudeCodeCli(), CursorCli()])
def test_a_provider_is_refused_by_a_program_that_knows_none(cli: AgentCli) -> None:
    """A setting that nobody hears must not look as if it were."""
    with pytest.raises(SettingsError, match=f"HIVEMIND_SKILLOPT_{cli.name.upper()}_PROVIDER is 'bedrock', but"):
        cli.command(replace(QUESTION, provider="bedrock"))


def test_a_secret_at_the_place_of_the_cut_is_gone() -> None:
    """Half of it would not be known as one."""
    secret = "ghp_" + "a1B2" * 9
    said = failure(f"{'x' * 180} {secret} see https://user:{secret}@host/path")
    assert "ghp_" not in said
    assert "https://" not in said
    assert len(said) <= 200
