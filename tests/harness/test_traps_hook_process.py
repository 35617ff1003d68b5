"""Traps around the hook as a process: held pipes, signals, time-outs, a launcher that is gone. All with `-p`."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.harness.claude_code import GRANTS
from tests.harness.fake_model import FakeModel, Policy, ScriptedAgent
from tests.harness.policies import Slow
from tests.harness.test_loop import assert_whole_story, store_of
from tests.harness.world import PUSHBACK, World, wait_until
from tests.scorers.processes import still_running

MakeWorld = Callable[[Policy], tuple[World, FakeModel]]
OURS = ("hivemind", "skillopt", "launcher", "Permission denied", "not found")


@contextmanager
def prompting(world: World, text: str, session: str) -> Iterator[subprocess.Popen[bytes]]:
    """`claude -p` in the background, in a session of its own, so that a signal hits it alone."""
    argv = [str(world.binary), "-p", text, "--output-format", "json", GRANTS, "--resume", session]
    quiet = subprocess.DEVNULL
    claude = world.claude
    with subprocess.Popen(
        argv, cwd=claude.project, env=claude.env(), stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_the_run_ends_while_the_worker_is_busy(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """The program waits for every pipe that a hook's child holds; the worker holds none. It outlives the program."""
    slow = Slow(agent, "judge")
    world, model = new_world(slow)
    world.set_up("deploy")
    session = world.claude.prompt("please deploy the service").session_id
    answer = world.claude.prompt(PUSHBACK, resume=session)
    assert (answer.returncode, answer.text) == (0, "Noted.")
    wait_until(lambda: model.count("judge") == 1, "the judge is asked")
    (worker,) = world.workers()
    assert {open_files(worker, number) for number in (0, 1, 2)} == {"/dev/null"}
    assert store_of(world).verdicts() == []
    slow.go_on.set()
    assert_whole_story(world, model, session, "tool")


def open_files(pid: int, number: int) -> str:
    """What the descriptor leads to."""
    return str(Path(f"/proc/{pid}/fd/{number}").readlink())


@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"])
def test_the_worker_outlives_the_signals_of_the_program(new_world: MakeWorld, agent: ScriptedAgent, how: str) -> None:
    slow_agent = Slow(agent, "agent", PUSHBACK)
    slow = Slow(slow_agent, "judge")
    world, model = new_world(slow)
    world.set_up("deploy")
    session = world.claude.prompt("please deploy the service").session_id
    with prompting(world, PUSHBACK, session) as process:
        wait_until(lambda: model.count("judge") == 1, "the judge is asked")
        assert process.poll() is None
        process.send_signal(signal.Signals[how])
        process.wait(timeout=60)
    assert len(world.workers()) == 1
    slow.go_on.set()
    assert_whole_story(world, model, session, "tool")


def timeouts(world: World, seconds: int) -> None:
    """Of each of our hooks, in the settings."""

    def change(settings: dict[str, Any]) -> None:
        for entries in settings["hooks"].values():
            entries[0]["hooks"][0]["timeout"] = seconds

    world.change_settings(change)


def test_a_hook_that_times_out_costs_its_time_only(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """A machine so slow that our hooks never end: the program cuts them, the user's turn goes on."""
    world, _ = new_world(agent)
    world.set_up("deploy")
    timeouts(world, 1)
    (world.state / "launcher").write_text('#!/bin/sh\necho started >> "${0%/*}/started"\nexec sleep 600\n')
    began = time.monotonic()
    answer = world.claude.prompt("please deploy the service")
    assert (answer.returncode, answer.text, answer.stderr) == (0, "Done.", "")
    assert (world.state / "started").read_text().count("started") == 3
    assert time.monotonic() - began < 60
    assert store_of(world).invocations() == []


def test_a_hook_that_times_out_leaves_the_worker_that_it_started(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """The program kills all of the hook, but the worker is in a session of its own."""
    slow = Slow(agent, "judge")
    world, model = new_world(slow)
    world.set_up("deploy")
    session = world.claude.prompt("please deploy the service").session_id
    timeouts(world, 4)
    launcher, pids = world.state / "launcher", world.state / "pids"
    launcher.rename(world.state / "real")
    launcher.write_text('#!/bin/sh\n"${0%/*}/real" "$@"\necho $$ >> "${0%/*}/pids"\nexec sleep 600\n')
    launcher.chmod(0o700)
    answer = world.claude.prompt(PUSHBACK, resume=session)
    assert (answer.returncode, answer.text, answer.stderr) == (0, "Noted.", "")
    hooks = [int(line) for line in pids.read_text().split()]
    assert (len(hooks), still_running(*hooks)) == (2, [])
    wait_until(lambda: model.count("judge") == 1, "the judge is asked")
    assert len(world.workers()) == 1
    slow.go_on.set()
    assert_whole_story(world, model, session, "tool")


def gone_launcher(world: World) -> None:
    (world.state / "launcher").unlink()


def gone_state(world: World) -> None:
    world.state.rename(world.root / "moved away")


def gone_python(world: World) -> None:
    launcher = world.state / "launcher"
    text = launcher.read_text()
    launcher.write_text(text.replace("/bin/python", "/bin/gone-python"))
    assert launcher.read_text() != text


def gone_package(world: World) -> None:
    """A virtual environment whose packages were removed: the interpreter starts, the import fails."""
    launcher = world.state / "launcher"
    text = launcher.read_text()
    package = str(Path(__file__).parents[2])
    launcher.write_text(text.replace(package, package + "-gone"))
    assert launcher.read_text() != text


def forbidden_launcher(world: World) -> None:
    (world.state / "launcher").chmod(0o600)


def full_disk(world: World) -> None:
    """Nothing can be written where the inbox should be."""
    for path in (world.state / "inbox").iterdir():
        path.unlink()
    (world.state / "inbox").rmdir()
    (world.state / "inbox").write_text("")


@pytest.mark.parametrize(
    "break_it", [gone_launcher, gone_state, gone_python, gone_package, forbidden_launcher, full_disk],
    ids=lambda break_it: break_it.__name__,
)  # fmt: skip
def test_a_broken_installation_is_never_seen(
    new_world: MakeWorld, agent: ScriptedAgent, break_it: Callable[[World], None]
) -> None:
    """Not on stdout or stderr, not in the transcript, not by the model, not in the turn's result."""
    world, model = new_world(agent)
    world.set_up("deploy")
    session = world.claude.prompt("please deploy the service").session_id
    world.wake()
    break_it(world)
    answer = world.claude.prompt("please deploy the service once more", resume=session)
    assert (answer.returncode, answer.text, answer.stderr) == (0, "Done.", "")
    text = world.claude.transcript(session).read_text()
    records = [json.loads(line) for line in text.split("\n")[:-1]]
    kinds = [record["attachment"]["type"] for record in records if record["type"] == "attachment"]
    assert [kind for kind in kinds if kind.startswith("hook")] == []
    told = "\n".join(request.prompt + request.system for request in model.requests)
    assert [word for word in OURS if word in answer.stdout + told] == []


def test_working_hooks_are_never_seen_either(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """The same conversation with and without them: the model is told the same."""
    world, model = new_world(agent)
    world.set_up("deploy")
    with_hooks = world.claude.prompt("please deploy the service")
    world.wake()
    world.change_settings(lambda settings: settings.pop("hooks"))
    without = world.claude.prompt("please deploy the service")
    told = [[message.blocks for message in request.messages] for request in model.requests if request.role == "agent"]
    half = len(told) // 2
    assert [len(request) for request in told[:half]] == [len(request) for request in told[half:]]
    assert [texts(request) for request in told[:half]] == [texts(request) for request in told[half:]]
    assert (with_hooks.stderr, with_hooks.text) == (without.stderr, without.text)
    kinds = [record_kinds(world, one.session_id) for one in (with_hooks, without)]
    assert kinds[0] == kinds[1]


def texts(messages: list[Any]) -> list[str]:
    return [block.text for blocks in messages for block in blocks]


def record_kinds(world: World, session: str) -> list[str]:
    """The transcript's kinds of records and attachments, in order."""
    records = [json.loads(line) for line in world.claude.transcript(session).read_text().split("\n")[:-1]]
    return sorted(record["type"] + record.get("attachment", {}).get("type", "") for record in records)
