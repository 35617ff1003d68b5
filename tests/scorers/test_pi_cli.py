"""pi as a scorer: what is run, and how what really came back is read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hivemind_skillopt.adapters.pi.cli import PiCli
from hivemind_skillopt.errors import ScorerFailed
from hivemind_skillopt.ports import Completed, Question

QUESTION = Question("judge", "hivemind-skillopt/judge prompt v1", "@untrusted text", {"type": "object"})


def test_the_command_of_the_contract() -> None:
    command = PiCli().command(QUESTION)
    assert command.argv == (
        "pi", "-p", "--no-tools", "--no-session", "--no-extensions", "--no-skills", "--no-prompt-templates",
        "--no-context-files", "--no-themes", "--offline", "--system-prompt", QUESTION.system,
        "--append-system-prompt", "",
    )  # fmt: skip
    assert command.stdin == "@untrusted text"


@pytest.mark.parametrize(
    ("provider", "model", "named"), [("", "", []), ("", "m", ["--model", "m"]), ("p", "m", ["--model", "p/m"])]
)
def test_the_model_is_the_users_default_unless_one_is_named(provider: str, model: str, named: list[str]) -> None:
    argv = PiCli().command(replace(QUESTION, model=model, provider=provider)).argv
    assert list(argv[14:]) == named


def test_an_answer() -> None:
    answer = PiCli().answer(Completed(0, '{"outcome": "ok"}\n', "a warning"))
    assert answer.text == '{"outcome": "ok"}\n'
    assert (answer.usage.scorer, answer.usage.calls, answer.usage.cost_usd) == ("pi", 1, None)


@pytest.mark.parametrize(
    ("completed", "said"),
    [
        (Completed(1, "", "Warning: odd\n401 invalid key\n"), "pi: 401 invalid key"),
        (Completed(1, '{"outcome": "ok"}', "x" * 900), "pi: " + "x" * 200),
        (Completed(-9, "", ""), "pi: ended with code -9"),
        (Completed(0, "", ""), "pi gave an empty answer"),
        (Completed(0, " \n", "finished for length"), "pi gave an empty answer"),
    ],
)
def test_a_failure_is_never_an_answer(completed: Completed, said: str) -> None:
    with pytest.raises(ScorerFailed) as raised:
        PiCli().answer(completed)
    assert str(raised.value) == said
