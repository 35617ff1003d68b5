"""Hostile stdin x every event, through the very command that `install` renders: silent, exit 0, in bounded time."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from hivemind_skillopt.adapters.hook_groups import command
from hivemind_skillopt.cli.harness_file import launcher_text
from hivemind_skillopt.recorder import MAX_STDIN, PATIENCE
from hivemind_skillopt.state.inbox import Inbox, InboxUnreadable

SESSION = "a6825501-5afc-410d-927d-9b76ade46456"
EVENTS = ("SessionStart", "PreToolUse", "UserPromptExpansion", "UserPromptSubmit")
USE = json.dumps({"session_id": SESSION, "tool_name": "Skill", "tool_input": {"skill": "deploy--alice"}}).encode()

HOSTILE = {
    "empty": b"",
    "null": b"null",
    "broken": USE[:-1],
    "half a character": USE[:-1] + b', "prompt": "\xf0\x9f',
    "bom": b"\xef\xbb\xbf" + USE,
    "binary": bytes(range(256)) * 50 + b"deploy--alice",
    "only line feeds": b"\n" * 5000,
    "50 MB": USE[:-1] + b', "prompt": "' + b"x" * (50 << 20) + b'"}\n',
}

AT_ONCE = PATIENCE * 0.8
"""Seconds. Well under PATIENCE, so that waiting for the end of stdin would be seen; generous for a busy machine."""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """As `install` and `pull` leave it, with a window open in the session and in unnamed ones.

    Broken settings keep the workers that the hooks start from taking anything in.
    """
    config = tmp_path / ".config" / "hivemind-skillopt" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("not TOML")
    folder = tmp_path / "state dir"
    (folder / "sessions").mkdir(parents=True)
    (folder / "org-skills").write_text("deploy--alice\n")
    for session in (SESSION, "_"):
        (folder / "sessions" / f"claude_code-{session}").touch()
    launcher = folder / "launcher"
    launcher.write_text(launcher_text(["CLAUDE_CONFIG_DIR"]))
    launcher.chmod(0o700)
    return folder


@contextmanager
def hook(state: Path, event: str) -> Iterator[subprocess.Popen[bytes]]:
    """The hook as Claude Code starts it; its stdin stays open until the test is over."""
    argv = ["/bin/sh", "-c", command(state / "launcher", "claude_code", event)]
    env = {"HOME": str(state.parent), "PATH": os.defpath}
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, env=env, start_new_session=True) as process:
        try:
            yield process
        finally:
            process.kill()


def run(state: Path, event: str, data: bytes) -> tuple[int, bytes, bytes]:
    """All of stdin, closed."""
    with hook(state, event) as process:
        out, err = process.communicate(data, timeout=60)
        return process.returncode, out, err


def write(process: subprocess.Popen[bytes], *parts: bytes) -> None:
    """Apart from each other, as a slow harness may."""
    assert process.stdin is not None
    for part in parts:
        process.stdin.write(part)
        process.stdin.flush()
        time.sleep(0.1)


def said(process: subprocess.Popen[bytes]) -> bytes:
    """All output of a process that has ended."""
    assert process.stdout is not None
    assert process.stderr is not None
    return process.stdout.read() + process.stderr.read()


def left_open(state: Path, event: str, *parts: bytes) -> float:
    """Write these parts and never close; the seconds until the hook has ended as it must."""
    with hook(state, event) as process:
        started = time.monotonic()
        write(process, *parts)
        assert (process.wait(timeout=60), said(process)) == (0, b"")
        return time.monotonic() - started


def payloads(state: Path) -> list[bytes]:
    """What was recorded."""
    inbox = Inbox(state / "inbox", state / "set-aside")
    items = [item for _, item in inbox.items(inbox.names())]
    return [item.payload for item in items if not isinstance(item, InboxUnreadable)]


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_stdin(state: Path, kind: str, event: str) -> None:
    assert run(state, event, HOSTILE[kind]) == (0, b"", b"")
    ours = event in ("SessionStart", "UserPromptSubmit") or b"deploy--alice" in HOSTILE[kind]
    assert [len(payload) for payload in payloads(state)] == ([min(len(HOSTILE[kind]), MAX_STDIN)] if ours else [])


@pytest.mark.parametrize("kind", ["empty", "broken", "50 MB"])
def test_an_event_that_we_do_not_know(state: Path, kind: str) -> None:
    assert run(state, "WorktreeCreate", HOSTILE[kind]) == (0, b"", b"")
    assert payloads(state) == []


def test_stdin_that_is_never_closed_is_given_up(state: Path) -> None:
    """Within the hook's own timeout of 10 s, and by itself: the harness sees exit code 0."""
    half = USE[:40]
    with ExitStack() as stack:
        hooks = [stack.enter_context(hook(state, event)) for event in EVENTS for _ in range(2)]
        for process in hooks[::2]:
            write(process, half)
        started = time.monotonic()
        ended = [(process.wait(timeout=60), said(process)) for process in hooks]
        seconds = time.monotonic() - started
    assert ended == [(0, b"")] * len(hooks)
    assert seconds > AT_ONCE
    assert sorted(payloads(state)) == [b"", b"", half]  # two session starts; a prompt of a session without a name


@pytest.mark.parametrize("event", EVENTS)
def test_a_whole_line_is_enough(state: Path, event: str) -> None:
    """Claude Code sends one line; that it then closes the pipe is not waited for."""
    assert left_open(state, event, USE[:40], USE[40:], b"\n") < AT_ONCE
    assert payloads(state) == [USE + b"\n"]


def test_a_payload_without_a_line_feed_waits_for_the_end(state: Path) -> None:
    assert run(state, "PreToolUse", USE) == (0, b"", b"")
    assert left_open(state, "PreToolUse", USE) > AT_ONCE
    assert payloads(state) == [USE, USE]


def test_a_payload_of_many_lines_is_read_to_its_end(state: Path) -> None:
    """`}` at the end of a line ends a part of it only."""
    pretty = json.dumps({"tool_input": {"skill": "deploy--alice"}, "session_id": SESSION}, indent=1).encode() + b"\n"
    middle = pretty.index(b"\n }") + 3
    with hook(state, "PreToolUse") as process:
        write(process, pretty[:middle] + b"\n")
        process.communicate(pretty[middle:], timeout=60)
        assert process.returncode == 0
    assert payloads(state) == [pretty[:middle] + b"\n" + pretty[middle:]]


def test_a_payload_that_comes_slowly_is_read(state: Path) -> None:
    with hook(state, "PreToolUse") as process:
        time.sleep(0.5)
        out, err = process.communicate(USE, timeout=60)
    assert (process.returncode, out, err, payloads(state)) == (0, b"", b"", [USE])
