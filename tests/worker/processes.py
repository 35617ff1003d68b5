"""The worker as a real process over a lab's state."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from hivemind_skillopt.launch import GUARD_ARGUMENT, WORKER_MAIN
from tests.worker.lab import Lab

PATIENCE_SECONDS = 120


def environ_of(lab: Lab, **more: str) -> dict[str, str]:
    """What the lab's processes are given."""
    return {**dict(lab.settings.environ), "PATH": os.defpath, "XDG_DATA_HOME": os.environ["XDG_DATA_HOME"], **more}


def worker_argv(state: Path | str) -> list[str]:
    """As `launch.start_worker` makes it."""
    return [sys.executable, "-I", WORKER_MAIN, GUARD_ARGUMENT, str(state)]


def start(lab: Lab, **environ: str) -> subprocess.Popen[bytes]:
    """As the recorder starts it, but for its own session: a test wants to wait for it."""
    return subprocess.Popen(worker_argv(lab.paths.state), env=environ_of(lab, **environ), stderr=subprocess.DEVNULL)


def ends(workers: Iterable[subprocess.Popen[bytes]]) -> list[int]:
    """Their exit codes, once all have ended."""
    return [worker.wait(timeout=PATIENCE_SECONDS) for worker in workers]


def until(condition: Callable[[], bool]) -> None:
    """Wait for it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def log_lines(lab: Lab) -> int:
    """How far the log has come."""
    return lab.paths.log.read_bytes().count(b"\n") if lab.paths.log.exists() else 0


def until_logged(lab: Lab, lines: int, worker: subprocess.Popen[bytes]) -> None:
    """Until the log has so many lines, or the worker has ended."""
    until(lambda: log_lines(lab) >= lines or worker.poll() is not None)
