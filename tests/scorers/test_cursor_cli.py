"""Cursor as a scorer: what is run, how the documented answer is read, and who is asked instead of it."""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from hivemind_skillopt.adapters.built_in import BuiltInOffers
from hivemind_skillopt.adapters.claude_code import ClaudeCode
from hivemind_skillopt.adapters.cursor import Cursor
from hivemind_skillopt.adapters.cursor.cli import CursorCli
from hivemind_skillopt.errors import ScorerFailed
from hivemind_skillopt.harness import Completed, HarnessAdapter
from hivemind_skillopt.hooks.chosen_scorer import chosen_scorer
from hivemind_skillopt.hooks.manager import Hooks
from hivemind_skillopt.ports import Question
from hivemind_skillopt.scorers.agent_cli import AgentCliScorer
from hivemind_skillopt.settings import load_settings
from hivemind_skillopt.state.running_calls import RunningCalls
from tests.scorers.processes import still_running

RESULT = (Path(__file__).parent.parent / "payloads" / "cursor" / "scorer_result.json").read_text()
QUESTION = Question("judge", "our rules", "untrusted text", {"type": "object"})


def test_it_is_read_only_and_gets_all_text_by_stdin() -> None:
    command = CursorCli("agent").command(QUESTION)
    assert command.argv == (
        "agent", "-p", "--mode=ask", "--trust", "--sandbox", "enabled", "--output-format", "json", "--workspace", ".",
    )  # fmt: skip
    rules, text, wanted = command.stdin.split("\n\n")
    assert (rules, text) == ("our rules", "untrusted text")
    assert wanted.endswith('{"type": "object"}')
    assert CursorCli().command(replace(QUESTION, model="gpt-5.5")).argv[-2:] == ("--model", "gpt-5.5")


def test_the_documented_answer() -> None:
    answer = CursorCli().answer(Completed(0, RESULT, ""))
    assert json.loads(answer.text)["reason"] == "health check skipped"
    assert (answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.cost_usd) == (48620, 374, None)


def result(**changed: object) -> str:
    return json.dumps({**json.loads(RESULT), **changed})


@pytest.mark.parametrize(
    ("code", "stdout"),
    [
        (1, RESULT), (0, result(is_error=True)), (0, result(is_error=True, result="401 Unauthorized")),
        (0, result(is_error=None)), (0, result(result=" ")), (0, result(result=None)), (0, ""), (0, "null"), (0, "[]"),
        (0, RESULT[:-20]), (0, "Error: 429 Too Many Requests"), (1, ""), (0, f"{RESULT}\n{RESULT}"),
        (0, result(usage={"inputTokens": -1})),
    ],
)  # fmt: skip
def test_a_failure_is_never_an_answer(code: int, stdout: str) -> None:
    with pytest.raises(ScorerFailed):
        CursorCli().answer(Completed(code, stdout, "no"))


def program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of programs, alone on the PATH but for the system's."""
    monkeypatch.setenv("PATH", f"{tmp_path}/bin{os.pathsep}{os.defpath}")
    return tmp_path / "bin"


def ask(tmp_path: Path, timeout: float = 60, **environ: str) -> str:
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **environ}
    return AgentCliScorer(Cursor().cli(), env, RunningCalls(tmp_path / "calls"), timeout).ask(QUESTION).text


RECORDS = f"""
cat > "$HOME/stdin"; pwd > "$HOME/cwd"; ls -A > "$HOME/files"; env > "$HOME/environ"
printf '%s\\n' "$@" > "$HOME/argv"
echo '{result(result="{}")}'
"""


@pytest.mark.parametrize("name", ["agent", "cursor-agent"])
def test_a_run(path: Path, tmp_path: Path, name: str) -> None:
    """Under either name: in an empty folder that goes, with our guard and nobody's secrets."""
    program(path, name, RECORDS)
    assert ask(tmp_path, CURSOR_API_KEY="k", GITHUB_TOKEN="secret", CURSOR_TRACE_ID="x") == "{}"
    assert "untrusted text" in (tmp_path / "stdin").read_text()
    assert "untrusted" not in (tmp_path / "argv").read_text()
    assert (tmp_path / "files").read_text() == ""
    assert not Path((tmp_path / "cwd").read_text().strip()).exists()
    environ = dict(line.split("=", 1) for line in (tmp_path / "environ").read_text().splitlines())
    assert (environ["CURSOR_API_KEY"], environ["HIVEMIND_SKILLOPT_WORKER"]) == ("k", "1")
    assert not {"GITHUB_TOKEN", "CURSOR_TRACE_ID"} & set(environ)


def test_the_name_that_is_cursors_alone_comes_first(path: Path, tmp_path: Path) -> None:
    program(path, "agent", "echo somebody else")
    program(path, "cursor-agent", RECORDS)
    assert ask(tmp_path) == "{}"


TRUNCATED = RESULT.strip()[:-20]
"""As printed: a program that was cut off."""


@pytest.mark.parametrize("code", [0, 1])
@pytest.mark.parametrize(
    ("said", "says"),
    [
        (result(is_error=True, result="Not logged in"), "Not logged in"),
        (result(is_error=True, result="401 Unauthorized"), "401 Unauthorized"),
        (result(is_error=True, result="429 Too Many Requests"), "429 Too Many Requests"),
        (result(is_error=True, result="500 Internal Server Error"), "500 Internal Server Error"),
        ("Error: 401 Unauthorized", "no JSON result"),
        ("Error: 429 Too Many Requests", "no JSON result"),
        ("Error: 500 Internal Server Error", "no JSON result"),
        ("<html>502 Bad Gateway</html>", "no JSON result"),
        (TRUNCATED, "no JSON result"),
        ("", "no JSON result"),
    ],
)
def test_no_failure_of_the_program_is_a_verdict(path: Path, tmp_path: Path, said: str, says: str, code: int) -> None:
    program(path, "agent", f"cat > /dev/null\nprintf %s {shlex.quote(said)}\nexit {code}")
    with pytest.raises(ScorerFailed, match=says) as raised:
        ask(tmp_path)
    assert "untrusted text" not in str(raised.value)


def test_one_that_hangs_is_killed_with_what_it_started(path: Path, tmp_path: Path) -> None:
    program(path, "agent", 'sleep 600 & echo "$$ $!" > "$HOME/pids"; wait')
    with pytest.raises(ScorerFailed, match="did not answer within 5 s"):
        ask(tmp_path, timeout=5)
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert len(pids) == 2
    assert still_running(*pids) == []


def test_without_the_program_its_own_name_is_missed(path: Path, tmp_path: Path) -> None:
    with pytest.raises(ScorerFailed, match="`cursor-agent` is not on the PATH"):
        ask(tmp_path)


def chosen(tmp_path: Path, adapter: HarnessAdapter, **environ: str) -> str:
    settings = load_settings({"HOME": str(tmp_path), "HIVEMIND_SKILLOPT_STATE_DIR": str(tmp_path / "s"), **environ})

    def on_failure(plugin: str, error: Exception) -> None:
        raise AssertionError(plugin) from error

    return chosen_scorer(settings, Hooks((BuiltInOffers(),), on_failure), adapter).name


ANTHROPIC = {"ANTHROPIC_API_KEY": "k"}
OPENAI = {"OPENAI_API_KEY": "k"}
GPT = {"HIVEMIND_SKILLOPT_CURSOR_MODEL": "gpt-5.5"}
CLAUDE = {"HIVEMIND_SKILLOPT_CURSOR_MODEL": "claude-haiku-5-5"}


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({}, "cursor"),
        (ANTHROPIC, "anthropic"),
        ({"ANTHROPIC_AUTH_TOKEN": "k"}, "anthropic"),
        (OPENAI, "cursor"),
        (OPENAI | GPT, "openai"),
        (ANTHROPIC | GPT, "cursor"),
        (ANTHROPIC | OPENAI | GPT, "openai"),
        (ANTHROPIC | OPENAI | CLAUDE, "anthropic"),
        (OPENAI | {"HIVEMIND_SKILLOPT_CURSOR_JUDGE_MODEL": "gpt-5.5"}, "cursor"),
        (ANTHROPIC | {"HIVEMIND_SKILLOPT_SCORER": "agent_cli"}, "cursor"),
        (ANTHROPIC | {"HIVEMIND_SKILLOPT_SCORER": "scripted"}, "scripted"),
    ],
)
def test_an_sdk_that_has_a_key_is_asked_instead(tmp_path: Path, environ: dict[str, str], name: str) -> None:
    """Cursor's CLI is not tool-free; a key counts only where it can be asked for the model that was named."""
    assert chosen(tmp_path, Cursor(), **environ) == name


def test_a_cli_without_tools_is_asked_whatever_keys_there_are(tmp_path: Path) -> None:
    assert chosen(tmp_path, ClaudeCode(), **ANTHROPIC, **OPENAI) == "claude_code"
