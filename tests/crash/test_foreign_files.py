"""What does not belong into the inbox: set aside with a reason, told by `status`, and nobody waits for it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hivemind_skillopt.model import DAY
from hivemind_skillopt.state.inbox import MAX_BYTES, MOST_SET_ASIDE, Inbox
from tests.worker.lab import Lab, outcomes
from tests.worker.processes import ends, environ_of, start

NAME = "01700000000000000000-x"
HEAD = b"hivemind-skillopt inbox 1\nharness=claude_code\nevent=PreToolUse\n"


def a_socket(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # a socket's path is short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


THINGS: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "folder": lambda path: (path.mkdir(), (path / "file").write_text("x")),
    "link to a device": lambda path: path.symlink_to("/dev/zero"),
    "link to nothing": lambda path: path.symlink_to("/nowhere"),
    "link to itself": lambda path: path.symlink_to(path),
    "socket": a_socket,
    "truncated header": lambda path: path.write_bytes(HEAD[:-10]),
    "huge": lambda path: path.write_bytes(HEAD + b"\n" + b"x" * MAX_BYTES),
    "huge generation": lambda path: path.write_bytes(HEAD + b"generation=" + b"9" * 5000 + b"\n\n{}"),
    "huge window": lambda path: path.write_bytes(HEAD + b"HIVEMIND_SKILLOPT_JUDGE_WINDOW=" + b"9" * 5000 + b"\n\n{}"),
    "deep": lambda path: path.write_bytes(HEAD + b"\n" + b"[" * 100_000),
    "not UTF-8": lambda path: path.write_bytes(HEAD + b"CLAUDE=\xff\xfe\n\n{\xff}"),
    "no bits": lambda path: path.write_bytes(b"\0" * 4096),
}


def make_ours(lab: Lab, path: Path) -> None:
    """A file with our header names this machine's home and store, or it would wait for another worker."""
    if path.is_file() and not path.is_symlink() and path.read_bytes().startswith(HEAD):
        ours = f"HOME={lab.root / 'home'}\nHIVEMIND_SKILLOPT_STORE={lab.settings.store_url}\n"
        path.write_bytes(HEAD + ours.encode() + path.read_bytes().removeprefix(HEAD))


@pytest.mark.parametrize("kind", THINGS)
def test_what_is_no_inbox_file_stops_nobody(lab: Lab, kind: str) -> None:
    """As a real process, because a pipe that nobody writes to would hang it."""
    lab.paths.inbox.mkdir()
    THINGS[kind](lab.paths.inbox / NAME)
    make_ours(lab, lab.paths.inbox / NAME)
    lab.use()
    lab.react()
    assert ends([start(lab)]) == [0]
    assert (outcomes(lab), lab.left(), lab.log("worker_failed")) == (["skill_fault"], [0, 0, 0], [])
    (told,) = lab.log("set_aside")
    assert told["file"] == NAME
    assert told["why"]
    assert os.listdir(lab.paths.set_aside) == [NAME]


ODD_NAMES = ["foreign.txt", "a b\n\x1b[31m", b"\xff\xfe".decode("utf-8", "surrogateescape"), "é" * 100, "0" * 20, "-x"]


def test_odd_names_are_set_aside_and_told(lab: Lab) -> None:
    lab.paths.inbox.mkdir()
    for name in ODD_NAMES:
        (lab.paths.inbox / name).write_text("x")
    (lab.paths.inbox / "folder").mkdir()
    (lab.paths.inbox / ".DS_Store").write_text("a desktop's own")
    lab.use()
    lab.work()
    assert len(lab.log("set_aside")) == len(ODD_NAMES) + 1
    assert os.listdir(lab.paths.inbox) == [".DS_Store"]
    lab.work()
    assert len(lab.log("set_aside")) == len(ODD_NAMES) + 1, "told once"
    lab.now += 100 * DAY
    lab.work()
    assert os.listdir(lab.paths.set_aside) == []


def test_the_same_name_twice(lab: Lab) -> None:
    """The first one is still kept when the second comes, and one of them is a folder."""
    for kind in ("folder", "pipe", "no bits"):
        lab.paths.inbox.mkdir(exist_ok=True)
        THINGS[kind](lab.paths.inbox / NAME)
        lab.work()
    assert len(os.listdir(lab.paths.set_aside)) == 3
    Inbox(lab.paths.inbox, lab.paths.set_aside).clear()
    assert os.listdir(lab.paths.set_aside) == []


def test_of_many_that_cannot_be_read_the_newest_stay(lab: Lab) -> None:
    lab.paths.inbox.mkdir()
    for number in range(MOST_SET_ASIDE + 20):
        (lab.paths.inbox / f"{number:020d}-a").write_bytes(b"no inbox file")
    lab.work()
    kept = [f"{number:020d}-a" for number in range(20, MOST_SET_ASIDE + 20)]
    assert (sorted(os.listdir(lab.paths.set_aside)), os.listdir(lab.paths.inbox)) == (kept, [])


def test_what_cannot_be_moved_is_left_alone(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(inbox: Inbox, name: str) -> None:
        raise PermissionError(1, "Operation not permitted")

    lab.paths.inbox.mkdir()
    THINGS["pipe"](lab.paths.inbox / NAME)
    monkeypatch.setattr(Inbox, "put_aside", refuse)
    lab.use()
    lab.react()
    lab.work()
    assert (outcomes(lab), os.listdir(lab.paths.inbox)) == (["skill_fault"], [NAME])
    assert [entry["error"] for entry in lab.log("not_set_aside")] == ["Operation not permitted"]


def test_status_tells_how_many_and_log_why(lab: Lab) -> None:
    lab.paths.inbox.mkdir()
    (lab.paths.inbox / "a b\n\x1b[31m").write_text("x")
    THINGS["no bits"](lab.paths.inbox / NAME)
    lab.work()
    assert json.loads(cli(lab, "status", "--json"))["set_aside"] == 2
    assert "set aside  2 unreadable inbox files" in cli(lab, "status")
    assert "not an inbox file of version 1" in cli(lab, "log", "--json")
    assert "\x1b[31m" not in cli(lab, "log"), "a name cannot steer the terminal"


def cli(lab: Lab, *arguments: str) -> str:
    argv = [sys.executable, "-m", "hivemind_skillopt", *arguments]
    return subprocess.run(argv, env=environ_of(lab), capture_output=True, text=True, timeout=100, check=True).stdout
