"""What a killed caller leaves running is ended, and nobody else is."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hivemind_skillopt.state import running_calls
from hivemind_skillopt.state.running_calls import RunningCalls, identity
from tests.crash.hook import PACKAGE_PARENT
from tests.scorers.processes import group, is_running, still_running

CALLER = """
import subprocess, sys, time
from pathlib import Path
from hivemind_skillopt.state.running_calls import RunningCalls
calls = RunningCalls(Path(sys.argv[1]))
with calls.folder() as folder:
    argv = ["sh", "-c", "sleep 600 & echo > here; wait"]
    child = subprocess.Popen(argv, cwd=folder, start_new_session=True, stdout=subprocess.DEVNULL)
    calls.started(folder, child.pid)
    while not (folder / "here").exists():
        time.sleep(0.01)
    print(child.pid, flush=True)
    child.wait()
"""


@pytest.fixture
def calls(tmp_path: Path) -> RunningCalls:
    (tmp_path / "tmp").mkdir()
    return RunningCalls(tmp_path / "calls")


def start(calls: RunningCalls) -> tuple[subprocess.Popen[str], int]:
    """A caller, and the leader of what it has started."""
    environ = {"PATH": os.defpath, "PYTHONPATH": PACKAGE_PARENT, "TMPDIR": str(calls.records.parent / "tmp")}
    argv = [sys.executable, "-c", CALLER, str(calls.records)]
    caller = subprocess.Popen(argv, env=environ, stdout=subprocess.PIPE, text=True)
    assert caller.stdout is not None
    return caller, int(caller.stdout.readline())


def left(calls: RunningCalls) -> list[str]:
    """Records and folders."""
    return [path.name for folder in ("calls", "tmp") for path in (calls.records.parent / folder).iterdir()]


def end(caller: subprocess.Popen[str], *, number: signal.Signals = signal.SIGKILL) -> None:
    with caller:
        caller.send_signal(number)


def test_the_group_and_the_folder_of_a_killed_caller_go(calls: RunningCalls) -> None:
    caller, leader = start(calls)
    end(caller)
    members = group(leader)
    assert leader in members
    assert len(left(calls)) == 2
    calls.end_orphans()
    assert still_running(*members) == []
    calls.end_orphans()  # the first may have met a process that still wrote there
    assert left(calls) == []


def test_a_caller_that_lives_is_left_alone(calls: RunningCalls) -> None:
    caller, leader = start(calls)
    calls.end_orphans()
    assert is_running(leader)
    assert len(left(calls)) == 2
    os.killpg(leader, signal.SIGKILL)
    with caller:
        caller.wait()
    assert left(calls) == [], "a call that ends leaves nothing"


def test_another_process_of_that_number_is_never_killed(calls: RunningCalls, monkeypatch: pytest.MonkeyPatch) -> None:
    caller, leader = start(calls)
    end(caller)
    (record,) = calls.records.iterdir()
    record.write_text(record.read_text().replace(f"{identity(leader)}\n", f"{identity(leader)}0\n"))
    killed: list[int] = []
    with monkeypatch.context() as patch:
        patch.setattr(os, "killpg", lambda pid, number: killed.append(pid))
        calls.end_orphans()
    assert killed == []
    assert left(calls) == []
    os.killpg(leader, signal.SIGKILL)


@pytest.mark.parametrize("text", ["", "x", "0 1\n-1 x\n", "\n\n\n\n", "\n999999999 1\n/nowhere"])
def test_a_record_that_says_nothing_goes(calls: RunningCalls, text: str) -> None:
    calls.records.mkdir()
    (calls.records / "skillopt-1").write_text(text)
    calls.end_orphans()
    assert left(calls) == []


def test_only_the_user_may_read_it(calls: RunningCalls) -> None:
    with calls.folder() as folder:
        (record,) = calls.records.iterdir()
        assert (record.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.parametrize("source", ["proc", "ps"])
def test_who_a_process_is(source: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The same as long as it lives, and nobody once it has ended, even if nobody has waited for it."""
    if source == "ps":
        assert shutil.which("ps")
        monkeypatch.setattr(running_calls, "BOOT_ID", tmp_path / "none")
    with subprocess.Popen(["sleep", "600"]) as process:
        known = identity(process.pid)
        assert known.startswith(f"{process.pid} ")
        assert identity(process.pid) == known
        assert identity(os.getpid()).partition(" ")[2] != known.partition(" ")[2] or source == "ps"
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert identity(process.pid) == ""
    assert identity(process.pid) == ""
