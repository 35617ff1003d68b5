"""pause, resume, worker run, worker status, log --follow."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from tests.cli.conftest import Cli


def state(cli: Cli) -> Path:
    return cli.home / ".local" / "state" / "hivemind-skillopt"


def hook(cli: Cli, event: str = "SessionStart") -> list[str]:
    """What the harness does; the inbox then."""
    command = json.loads(cli.settings.read_text())["hooks"][event][0]["hooks"][0]["command"]
    payload = json.dumps({"session_id": "s1", "hook_event_name": event, "source": "startup"})
    environ = {"HOME": str(cli.home), "PATH": os.defpath, "HIVEMIND_SKILLOPT_WORKER": ""}
    del environ["HIVEMIND_SKILLOPT_WORKER"]
    subprocess.run(["/bin/sh", "-c", command], input=payload.encode(), env=environ, check=True, timeout=30)
    return os.listdir(state(cli) / "inbox")


def test_a_pause_has_an_end_that_hooks_see(cli: Cli) -> None:
    cli.run("install", "--yes")
    until = cli.json("pause", "2h")["paused_until"]
    ahead = datetime.fromisoformat(until) - datetime.now(UTC)
    assert 7_000 < ahead.total_seconds() <= 7_200
    assert hook(cli) == []
    assert cli.json("status")["paused_until"] == until
    assert f"paused until {until}" in cli.run("status").stdout
    (state(cli) / "disabled").write_text(f"{time.time_ns() - 1}\n")
    assert cli.json("status")["paused_until"] is None
    hook(cli)
    assert wait_for(lambda: "attributed" in (state(cli) / "log.jsonl").read_text())


def test_a_pause_needs_no_sound_settings(cli: Cli) -> None:
    cli.run("install", "--yes")
    cli.environ["HIVEMIND_SKILLOPT_MODE"] = "autoo"
    cli.run("pause")
    assert hook(cli) == []
    cli.run("resume")
    hook(cli)
    assert wait_for(lambda: "attributed" in (state(cli) / "log.jsonl").read_text())


def test_a_pause_without_an_end_and_resume(cli: Cli) -> None:
    cli.run("install", "--yes")
    cli.run("pause", "--dry-run")
    assert cli.json("status")["paused_until"] is None
    cli.run("pause")
    assert (hook(cli), cli.json("status")["paused_until"]) == ([], "resume")
    assert "off or paused" in cli.fails("worker", "run")
    assert "resumed" in cli.run("resume").stdout
    assert cli.json("status")["paused_until"] is None
    assert "nothing was paused" in cli.run("resume").stdout
    cli.environ["HIVEMIND_SKILLOPT_DISABLED"] = "1"
    assert "still off" in cli.run("resume").stdout


@pytest.mark.parametrize("text", ["2x", "h", "-1h", "0m", "1h30m", "99999999h"])
def test_a_wrong_duration_is_a_usage_error(cli: Cli, text: str) -> None:
    assert "no duration" in cli.fails("pause", "--", text, code=2)


def test_worker_run_drains_and_tells(cli: Cli) -> None:
    cli.run("install", "--yes")
    cli.run("pause")  # so that the hook starts no worker of its own
    assert hook(cli) == []
    cli.run("resume")
    inbox = state(cli) / "inbox"
    body = '{"session_id": "s9", "hook_event_name": "SessionStart"}'
    head = f"hivemind-skillopt inbox 1\nharness=claude_code\nevent=SessionStart\nHOME={cli.home}\n\n"
    (inbox / f"{time.time_ns():020d}-x").write_text(head + body)
    said = cli.run("worker", "run").stdout
    assert "attributed  session=s9" in said
    assert "done, nothing is left" in said
    assert cli.json("worker", "status") == {
        "running_pid": None, "last_run": cli.json("status")["last_worker_run"], "jobs": [], "windows": [],
    }  # fmt: skip
    assert "running    no" in cli.run("worker", "status").stdout


def test_worker_run_says_that_the_worker_gave_up(cli: Cli) -> None:
    cli.run("install", "--yes")
    (state(cli) / "worker.lock").mkdir()
    done = cli.run("worker", "run", code=1)
    assert "worker_failed" in done.stdout
    assert done.stderr.startswith("Error: the worker gave up: ")
    assert "nothing is left" not in done.stdout


def test_log_follow_goes_on_until_interrupted(cli: Cli) -> None:
    cli.run("install", "--yes")
    log = state(cli) / "log.jsonl"
    argv = [sys.executable, "-m", "hivemind_skillopt", "log", "--follow", "--json"]
    environ = {"HOME": str(cli.home), "PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"}
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # whoever runs the tests may ignore it
    with subprocess.Popen(
        argv, env=environ, stdout=subprocess.PIPE, text=True, cwd=cli.home, preexec_fn=heard
    ) as process:
        assert process.stdout
        assert json.loads(process.stdout.readline())["what"] == "installed"
        with log.open("a") as file:
            file.write('{"at": 1, "what": "half')
            file.flush()
            time.sleep(0.5)
            file.write('-written"}\n')
        assert json.loads(process.stdout.readline())["what"] == "half-written"
        log.rename(log.with_name("log.jsonl.1"))
        log.write_text('{"at": 2, "what": "rotated"}\n')
        assert json.loads(process.stdout.readline())["what"] == "rotated"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def wait_for(condition: object, seconds: float = 30.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.05)
    return False
