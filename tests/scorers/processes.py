"""Is a process still there?"""

from __future__ import annotations

import time
from pathlib import Path

PATIENCE = 30.0


def is_running(pid: int) -> bool:
    """A zombie that nobody has waited for yet does not run."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def still_running(*pids: int) -> list[int]:
    """Those that do not end within a generous while: a kill is asynchronous."""
    deadline = time.monotonic() + PATIENCE
    while (left := [pid for pid in pids if is_running(pid)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def descendants(pid: int) -> list[int]:
    """Children and their children."""
    children = [int(child.name) for child in Path("/proc").glob("[0-9]*") if _parent(child) == pid]
    return children + [below for child in children for below in descendants(child)]


def group(pgid: int) -> list[int]:
    """All that run in a process group."""
    return [int(process.name) for process in Path("/proc").glob("[0-9]*") if _stat(process)[2:3] == [str(pgid)]]


def argv(pid: int) -> list[str]:
    return _words(pid, "cmdline")


def environ(pid: int) -> list[str]:
    """name=value, as it was started."""
    return _words(pid, "environ")


def _words(pid: int, file: str) -> list[str]:
    try:
        return Path(f"/proc/{pid}/{file}").read_text(errors="replace").split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return []


def _parent(process: Path) -> int:
    return int((_stat(process) or ["", "0"])[1])


def _stat(process: Path) -> list[str]:
    """state, parent, group, ... of one that runs."""
    try:
        fields = (process / "stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [] if fields[0] == "Z" else fields
