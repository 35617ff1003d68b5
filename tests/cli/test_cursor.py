"""Cursor on the command line: in and out byte for byte, and doctor runs what stands in hooks.json."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.cli.test_uninstall import launcher

FOREIGN = (Path(__file__).parent.parent / "payloads" / "cursor" / "hooks.user.foreign.json").read_text()


VERSION = "2026.09.26-dd393fe"
RESULT = {"type": "result", "subtype": "success", "is_error": False, "result": '{"ok": true}'}


def cursor_agent(cli: Cli, answers: str) -> None:
    """A `cursor-agent` that tells its version, and does this where it is asked something."""
    program = cli.home.parent / "bin" / "cursor-agent"
    program.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo {VERSION} && exit\ncat > /dev/null\n{answers}\n')
    program.chmod(0o755)


@pytest.fixture
def hooks(cli: Cli, tmp_path: Path) -> Path:
    """Somebody's hooks.json, and a `cursor-agent` on the PATH that only tells its version."""
    (tmp_path / "bin").mkdir()
    cursor_agent(cli, "exit 1")
    cli.environ["PATH"] = f"{tmp_path}/bin{os.pathsep}{os.environ['PATH']}"
    (cli.home / ".claude").rmdir()
    (cli.home / ".cursor").mkdir()
    (cli.home / ".cursor" / "hooks.json").write_text(FOREIGN)
    return cli.home / ".cursor" / "hooks.json"


def said(cli: Cli, level: str, code: int = 0, *options: str) -> list[str]:
    answer = json.loads(cli.run("doctor", "--json", *options, code=code).stdout)
    return [check["message"] for check in answer["checks"] if check["level"] == level]


def test_in_and_out_byte_for_byte(cli: Cli, hooks: Path) -> None:
    assert "Cursor: changed" in cli.run("install", "--yes").stdout
    assert "already set up" in cli.run("install", "--yes").stdout
    cli.run("push", cli.skill())
    cli.run("pull")
    assert (cli.home / ".cursor" / "skills" / "deploy--alice" / "SKILL.md").is_file()
    cli.run("unpull", "--all")
    cli.run("uninstall")
    assert hooks.read_text() == FOREIGN
    assert [path.name for path in (cli.home / ".cursor").iterdir()] == ["hooks.json"]


def test_doctor_runs_the_hooks_and_says_what_nobody_has_seen(cli: Cli, hooks: Path) -> None:
    cli.run("install", "--yes")
    assert "all 3 hooks fire, and the worker takes in what they record" in said(cli, "ok")
    assert said(cli, "warn") == [
        "`cursor-agent` judges: read-only, but not without tools; with ANTHROPIC_API_KEY set, the SDK judges",
        "version 2026.09.26-dd393fe; tested with documents of 2026-09 only, look out for news",
    ]


@pytest.mark.parametrize("event", ["sessionStart", "preToolUse", "beforeSubmitPrompt"])
def test_doctor_names_the_hook_that_is_gone(cli: Cli, hooks: Path, event: str) -> None:
    cli.run("install", "--yes")
    file = json.loads(hooks.read_text())
    file["hooks"][event].pop()
    hooks.write_text(json.dumps(file))
    (message,) = said(cli, "fail", code=1)
    assert message == f"the hook for {event} is not in ~/.cursor/hooks.json; run `hivemind-skillopt install`"


def test_doctor_finds_the_hook_that_records_nothing(cli: Cli, hooks: Path) -> None:
    cli.run("install", "--yes")
    hooks.write_text(hooks.read_text().replace("cursor PreToolUse", "cursor preToolUse"))
    (message,) = said(cli, "fail", code=1)
    assert message == "preToolUse: the hook records nothing; run `hivemind-skillopt install`"


def test_what_voids_the_whole_file_is_said_in_one_line(cli: Cli, hooks: Path) -> None:
    hooks.write_text(FOREIGN.replace("afterFileEdit", "notification"))
    why = f"{hooks} has the event 'notification', which is not known: Cursor ignores the whole file"
    assert f"Cursor: no hook will run while {why}" in " ".join(cli.run("install", "--yes").stdout.split())
    assert said(cli, "fail", code=1) == [f"no hook runs: {why}; remove that"]


def test_the_consent_says_who_is_sent_what_was_typed(cli: Cli, hooks: Path) -> None:
    assert "your own `cursor-agent` CLI" in cli.run("install", "--yes", "--dry-run").stdout
    cli.environ["ANTHROPIC_API_KEY"] = "k"
    (cli.home / ".claude").mkdir()
    said_now = cli.run("install", "--yes").stdout
    assert "your own `claude` CLI or the scorer `anthropic`" in said_now
    assert "anthropic judges, because `cursor-agent` cannot run without tools" in json.dumps(cli.json("doctor", code=1))


def test_doctor_asks_the_scorer_on_request(cli: Cli, hooks: Path) -> None:
    cli.run("install", "--yes")
    cursor_agent(cli, f"echo {shlex.quote(json.dumps(RESULT))}")
    assert not any("answers" in message for message in said(cli, "ok"))
    assert "cursor answers, model unknown" in said(cli, "ok", 0, "--scorer")


@pytest.mark.parametrize("code", [0, 1])
def test_doctor_explains_a_scorer_without_a_valid_key(cli: Cli, hooks: Path, code: int) -> None:
    cli.run("install", "--yes")
    failed = json.dumps({**RESULT, "is_error": True, "result": "401 Unauthorized"})
    cursor_agent(cli, f"echo {shlex.quote(failed)}; exit {code}")
    (message,) = said(cli, "fail", 1, "--scorer")
    assert message == "cursor: cursor-agent: 401 Unauthorized. Log in, or mend its API key"


def test_doctor_tells_of_hooks_that_run_another_launcher(cli: Cli, hooks: Path) -> None:
    """Of a state directory that was moved, say. Another install mends it."""
    cli.run("install", "--yes")
    hooks.write_text(hooks.read_text().replace(str(launcher(cli)), "/moved/launcher"))
    (message,) = said(cli, "fail", code=1)
    assert message == (
        "no hook in ~/.cursor/hooks.json runs ~/.local/state/hivemind-skillopt/launcher; "
        "run `hivemind-skillopt install`"
    )
    cli.run("install", "--yes")
    assert said(cli, "fail") == []


def test_doctor_tells_of_a_launcher_that_is_gone(cli: Cli, hooks: Path) -> None:
    cli.run("install", "--yes")
    launcher(cli).unlink()
    (message,) = said(cli, "fail", code=1)
    assert message == (
        "~/.local/state/hivemind-skillopt/launcher is gone, so every hook is silent; run `hivemind-skillopt install`"
    )
