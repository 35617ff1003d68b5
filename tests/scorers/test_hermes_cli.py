"""Hermes' headless answers: what is an answer, and that nothing else is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hivemind_skillopt.adapters.hermes.cli import MAX_PROMPT_BYTES, OWN_ENVIRON, HermesCli
from hivemind_skillopt.errors import ScorerFailed
from hivemind_skillopt.harness import Completed
from hivemind_skillopt.ports import Question, UnusableAnswer

RECORDED: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent.parent / "payloads" / "hermes" / "headless_outcomes.json").read_text()
)
HEADLESS = [one for one in RECORDED if one["mode"].startswith("chat") and one["rc"].isdigit()]
QUESTION = Question("judge", "You judge.", "the fenced text", {"type": "object"})
ANSWER = '{"outcome": "ok", "nested": {"a": 1}}'


def answer(stdout: str, returncode: int = 0, stderr: str = "") -> str:
    return HermesCli().answer(Completed(returncode, stdout, stderr)).text


def test_the_prompt_is_one_argument_and_nothing_is_on() -> None:
    command = HermesCli().command(QUESTION)
    assert command.argv[:4] == ("hermes", "chat", "-Q", "-q")
    assert command.argv[5:] == (
        "--toolsets", "context_engine", "--ignore-rules", "--max-turns", "1", "--source", "tool",
    )  # fmt: skip
    prompt = command.argv[4]
    assert prompt.startswith("You judge.\n")
    assert prompt.endswith("\nthe fenced text")
    assert '{"type": "object"}' in prompt
    assert dict(command.extra_environ) == {"HERMES_SAFE_MODE": "1", "HERMES_SESSION_SOURCE": "tool"}


def test_the_users_session_is_not_carried_into_ours() -> None:
    assert "HERMES_HOME" in OWN_ENVIRON
    assert [name for name in OWN_ENVIRON if name.startswith("HERMES_")] == ["HERMES_HOME"]


def test_a_model_and_its_provider() -> None:
    question = Question("judge", "s", "p", {}, model="m-1", provider="custom:fake")
    assert HermesCli().command(question).argv[-4:] == ("-m", "m-1", "--provider", "custom:fake")


def test_a_text_that_the_kernel_would_refuse_is_no_verdict() -> None:
    with pytest.raises(ScorerFailed, match=f"at most {MAX_PROMPT_BYTES} bytes"):
        HermesCli().command(Question("judge", "s", "\u00fc" * (MAX_PROMPT_BYTES // 2), {}))
    assert HermesCli().command(Question("judge", "s", "a\0b", {})).argv[4].endswith("ab")


@pytest.mark.parametrize("stdout", [
    ANSWER,
    f"  \u26a0 tirith security scanner enabled but not available \u2014 x\n{ANSWER}\n",
    f"```json\n{ANSWER}\n```",
    f'{{"an": "example"}}\n\n{ANSWER}',
    json.dumps(json.loads(ANSWER), indent=2),
])  # fmt: skip
def test_the_last_object_is_the_answer(stdout: str) -> None:
    assert json.loads(answer(stdout)) == json.loads(ANSWER)


@pytest.mark.parametrize("recorded", HEADLESS, ids=lambda one: f"{one['mode']}-{one['model']}")
def test_no_recorded_failure_is_an_answer(recorded: dict[str, Any]) -> None:
    """Also those with exit code 0. The recorded success says no JSON, so it is none of ours either."""
    with pytest.raises(UnusableAnswer):
        answer(recorded["stdout"], int(recorded["rc"]), recorded.get("stderr", ""))


@pytest.mark.parametrize(("stdout", "returncode"), [
    (ANSWER, 1),
    (ANSWER, -9),
    ("", 0),
    (f"Sure! {ANSWER}", 0),
    (ANSWER[:-2], 0),
    (f'API call failed after 3 retries: HTTP 500: {{"error": {ANSWER}}}', 0),
    ("[" * 100_000, 0),
    ('{"a":' * 100_000, 0),
])  # fmt: skip
def test_everything_else_is_no_verdict(stdout: str, returncode: int) -> None:
    with pytest.raises(ScorerFailed):
        answer(stdout, returncode)
