"""pi as a scorer: what is run, and how what really came back is read."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hivemind_skillopt.adapters.pi.cli import PiCli
from hivemind_skillopt.errors import ScorerFailed
from hivemind_skillopt.harness import Completed
from hivemind_skillopt.ports import Question
from hivemind_skillopt.scorers.ask import ask_json
from hivemind_skillopt.scorers.judge import JudgeAnswer
from tests.adapters.test_pi_payload import PAYLOADS
from tests.harness.world import VERDICT
from tests.scorers.fakes import CannedScorer, CountingBudget

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


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("COMPANY_KEY", ["COMPANY_KEY"]),
        ("$COMPANY_KEY", ["COMPANY_KEY"]),
        ("Bearer ${COMPANY_KEY}:$OTHER", ["COMPANY_KEY", "OTHER"]),
        ("sk-a-literal", []),
        ("!cat $HOME/key", []),
    ],
)
def test_the_keys_of_the_users_own_providers_are_passed_on(tmp_path: Path, value: str, names: list[str]) -> None:
    models = {"providers": {"lab": {"apiKey": value, "models": [{"id": "m"}]}, "odd": {"baseUrl": 1}}}
    (tmp_path / "models.json").write_text(json.dumps(models))
    (tmp_path / "auth.json").write_text(json.dumps({"lab": {"type": "api_key", "key": "LOGIN_KEY"}}))
    usual = PiCli().command(QUESTION).environ
    assert PiCli().at(tmp_path).command(QUESTION).environ == (*usual, *names, "LOGIN_KEY")


@pytest.mark.parametrize("text", ["", "[]", "null", '{"providers": 5}', "\x00"])
def test_files_that_say_nothing(tmp_path: Path, text: str) -> None:
    for name in ("models.json", "auth.json"):
        (tmp_path / name).write_text(text)
    assert PiCli().at(tmp_path).command(QUESTION) == PiCli().command(QUESTION)


def test_an_answer() -> None:
    answer = PiCli().answer(Completed(0, '{"outcome": "ok"}\n', "a warning"))
    assert answer.text == '{"outcome": "ok"}\n'
    assert (answer.usage.scorer, answer.usage.calls, answer.usage.cost_usd) == ("pi", 1, None)


@pytest.mark.parametrize(
    ("completed", "said"),
    [
        (Completed(1, "", "Warning: odd\n401 invalid key\n\nSee:\n  /usr/docs.md\n"), "pi: 401 invalid key"),
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


@pytest.mark.parametrize("path", sorted(PAYLOADS.glob("*-mode-json-*.jsonl")), ids=lambda path: path.name)
def test_the_json_mode_is_no_verdict(path: Path) -> None:
    """It ends with code 0 even on a 401: whoever set it, no line of it counts, not even one that holds a verdict."""
    answered = json.dumps(json.dumps(VERDICT))[1:-1]
    stdout = path.read_text().replace(json.dumps('{"failed": true}')[1:-1], answered)
    assert (answered in stdout) == path.name.startswith("ok")
    answer = PiCli().answer(Completed(0, stdout, ""))
    with pytest.raises(ScorerFailed):
        ask_json(CannedScorer(answer.text, answer.text), CountingBudget(), QUESTION, JudgeAnswer)
