"""The interactive Codex, in tmux: the loop, trust as its user gives it, and the daemon that runs everybody's hooks."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.harness.codex import CODE, FUNCTIONS, READY
from tests.harness.codex_world import CodexWorld, codex_world
from tests.harness.requirements import require
from tests.harness.test_loop import assert_whole_story
from tests.harness.tmux import Terminal, missing_tmux
from tests.harness.world import PUSHBACK, wait_until

pytestmark = pytest.mark.real_cli


@pytest.fixture(autouse=True)
def _tmux() -> None:
    if missing_tmux():
        require(missing_tmux())


def say(tui: Terminal, text: str, answer: str) -> None:
    """Type it and wait until the agent has answered."""
    tui.type(text)
    tui.wait_for(rf"(?m)^\W*{answer}")


@pytest.mark.parametrize(
    ("prompt", "provenance", "model"),
    [
        ("please deploy the service", "path", FUNCTIONS),
        ("please deploy the service", "path", CODE),
        ("$deploy--alice to staging", "slash", FUNCTIONS),
    ],
)
def test_the_whole_loop(tmp_path: Path, prompt: str, provenance: str, model: str) -> None:
    with codex_world(tmp_path, model) as (world, server):
        world.set_up("deploy")
        with world.codex.tui() as tui:
            say(tui, prompt, "Done.")
            say(tui, PUSHBACK, "Noted.")
            (session,) = world.codex.sessions()
            assert_whole_story(world, server, session, provenance)


def test_its_user_trusts_the_hooks_when_asked(tmp_path: Path) -> None:
    """What Codex writes then goes again with ours."""
    with codex_world(tmp_path) as (world, _):
        before = world.config.read_bytes()
        world.set_up("deploy", trust=False)
        with world.codex.tui(ready="Hooks need review") as tui:
            tui.wait_for("3 hooks are new or changed")
            tui.press_until("2", "\u203a 2. Trust all and continue")
            tui.press_until("Enter", READY)
            say(tui, "please deploy the service", "Done.")
            wait_until(lambda: world.log("attributed"), "the session's row")
        assert world.json("doctor")["ok"] is True
        world.run("uninstall")
        assert world.config.read_bytes() == before


@contextmanager
def daemon_of(world: CodexWorld) -> Iterator[None]:
    """The first TUI starts it, and it stays; its processes are known by the home that they were given."""
    try:
        yield
    finally:
        for pid in daemons(world):
            os.kill(pid, signal.SIGKILL)


def daemons(world: CodexWorld) -> list[int]:
    needle = f"HOME={world.home}\0".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"app-server" in (process / "cmdline").read_bytes() and needle in (process / "environ").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue
    return found


def test_a_pause_reaches_the_daemon(tmp_path: Path) -> None:
    """It has the environment of the first TUI; a variable that is set later is not seen there, a file is."""
    with codex_world(tmp_path) as (world, _), daemon_of(world):
        world.set_up("deploy")
        with world.codex.tui(daemon=True) as tui:
            assert daemons(world)
            say(tui, "hello there", "Noted.")
            wait_until(lambda: len(world.log("attributed")) == 1, "the session's row")
        world.run("pause")
        with world.codex.tui(daemon=True) as tui:
            say(tui, "please deploy the service", "Done.")
        assert world.inbox() == []
        world.run("resume")
        with world.codex.tui(daemon=True) as tui:
            say(tui, "please deploy the service", "Done.")
            wait_until(lambda: world.inbox() or world.log("window_opened"), "the use of the skill")
        world.wake()
        assert [len(world.log(what)) for what in ("attributed", "window_opened")] == [2, 1]
