"""Running a CLI: its environment, its folder, and that it and its children really end."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import pytest

from hivemind_skillopt.errors import ScorerFailed
from hivemind_skillopt.harness import Command, Completed
from hivemind_skillopt.model import Usage
from hivemind_skillopt.ports import Answer, Question
from hivemind_skillopt.scorers.agent_cli import AgentCliScorer
from hivemind_skillopt.state.running_calls import RunningCalls
from tests.scorers.processes import still_running

QUESTION = Question("judge", "system", "the prompt", {}, "")


class ShellCli:
    """An agent CLI that is a shell script."""

    name = "shell"
    program = "sh"
    tool_free = True

    def __init__(self, script: str) -> None:
        self.script = script

    def command(self, question: Question) -> Command:
        return Command(("sh", "-c", self.script), question.prompt, ("OWN_KEY",), (("EXTRA", "yes"),))

    def answer(self, completed: Completed) -> Answer:
        if completed.returncode:
            raise ScorerFailed(f"code {completed.returncode}")
        return Answer(completed.stdout, Usage(self.name, ""))


def ask(script: str, timeout: float = 20, **environ: str) -> str:
    env = {"PATH": os.defpath, "HOME": "/home/dev", **environ}
    with tempfile.TemporaryDirectory() as state:
        calls = RunningCalls(Path(state))
        try:
            return AgentCliScorer(ShellCli(script), env, calls, timeout).ask(QUESTION).text
        finally:
            assert list(calls.records.iterdir()) == [], "the record goes with the call"


def test_the_prompt_comes_by_stdin() -> None:
    assert ask("cat") == "the prompt"


def test_the_environment_is_an_allow_list() -> None:
    secrets = {"CLAUDECODE": "1", "CLAUDE_CODE_SESSION_ID": "x", "DATABASE_URL": "y", "HIVEMIND_TOKEN": "z"}
    secrets |= {
        "HIVEMIND_SKILLOPT_STORE": "u",
        "PGPASSWORD": "p",
        "PGPASSFILE": "f",
        "PGSERVICEFILE": "s",
        "PGHOST": "h",
    }
    seen = dict(line.split("=", 1) for line in ask("env", OWN_KEY="k", XDG_CACHE_HOME="/c", **secrets).splitlines())
    assert {name: seen.get(name) for name in ("OWN_KEY", "EXTRA", "XDG_CACHE_HOME", "HOME")} == {
        "OWN_KEY": "k", "EXTRA": "yes", "XDG_CACHE_HOME": "/c", "HOME": "/home/dev",
    }  # fmt: skip
    assert seen["HIVEMIND_SKILLOPT_WORKER"] == "1"
    assert not set(secrets) & set(seen)


def test_it_runs_in_an_empty_folder_that_goes() -> None:
    folder, *files = ask("pwd; ls -A").splitlines()
    assert files == []
    assert not Path(folder).exists()


def test_a_failure_is_no_answer() -> None:
    with pytest.raises(ScorerFailed, match="code 3"):
        ask("exit 3")


def test_a_missing_program_is_named() -> None:
    with pytest.raises(ScorerFailed, match="`sh` is not on the PATH"):
        ask("true", PATH="/nowhere")


def test_a_hanging_cli_is_killed_with_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    start = time.monotonic()
    with pytest.raises(ScorerFailed, match="did not answer within 3 s"):
        ask(f"sleep 600 & echo $! > {pids}; echo $$ >> {pids}; wait", timeout=3)
    assert time.monotonic() - start < 60
    assert still_running(*map(int, pids.read_text().split())) == []


def test_a_child_that_left_the_group_and_holds_the_pipe_cannot_hold_us(tmp_path: Path) -> None:
    start = time.monotonic()
    with pytest.raises(ScorerFailed, match="did not answer"):
        ask("setsid sleep 90 & sleep 90", timeout=1)
    assert time.monotonic() - start < 60


def test_a_child_left_behind_by_a_cli_that_ended_goes_too(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    ask(f"sleep 60 >/dev/null 2>&1 & echo $! > {pid}")
    assert still_running(int(pid.read_text())) == []


def test_a_child_left_behind_that_holds_the_pipe_does_not_cost_the_answer(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    start = time.monotonic()
    assert ask(f"echo yes; sleep 60 & echo $! > {pid}", timeout=60) == "yes\n"
    assert time.monotonic() - start < 30
    assert still_running(int(pid.read_text())) == []


def test_bytes_that_are_no_utf8_are_no_crash() -> None:
    assert "\ufffd" in ask("printf '\\377'")
