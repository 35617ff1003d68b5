"""Which agent CLI runs for whom: what a killed worker left running is ended by the next one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from hivemind_skillopt.state.files import write_atomically

PREFIX = "skillopt-"
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class RunningCalls:
    """A folder of records, one per call, named as its temporary folder: who asked, who runs, where that folder lies."""

    records: Path

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """An empty folder for one call; it goes with the call. Written down before it is made."""
        folder = Path(tempfile.gettempdir()) / f"{PREFIX}{uuid4().hex}"
        self._write(folder, "")
        try:
            folder.mkdir(mode=0o700)
            yield folder
        finally:
            self._forget(folder)

    def started(self, folder: Path, pid: int) -> None:
        """`pid` leads the call's process group. It was not asked before: killed here, we leave one that reads an end
        of file, and ends."""
        self._write(folder, identity(pid))

    def end_orphans(self) -> None:
        """Kill what runs for callers that are dead, and remove its folders."""
        for record in self.records.glob(f"{PREFIX}*"):
            caller, child, place = (*record.read_text(errors="replace").split("\n", 2), "", "")[:3]
            if _runs(caller):
                continue
            if _runs(child):
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(_pid(child), signal.SIGKILL)
            self._forget(Path(place) / record.name)

    def _write(self, folder: Path, child: str) -> None:
        write_atomically(self.records / folder.name, f"{identity(os.getpid())}\n{child}\n{folder.parent}".encode())

    def _forget(self, folder: Path) -> None:
        """The record is the last to go: a folder that somebody still writes to is left to the next worker."""
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            (self.records / folder.name).unlink(missing_ok=True)


def identity(pid: int) -> str:
    """`<pid> <when it started>`: a later process of that number has another. '' for one that does not run."""
    state, _, started = (_from_proc(pid) if BOOT_ID.exists() else _from_ps(pid)).partition(" ")
    return f"{pid} {started}" if started and not state.startswith("Z") else ""


def _runs(told: str) -> bool:
    return told != "" and identity(_pid(told)) == told


def _pid(told: str) -> int:
    number = told.partition(" ")[0]
    return int(number) if number.isdecimal() else 0


def _from_proc(pid: int) -> str:
    """State, start in ticks since boot, and which boot (proc_pid_stat(5): the 3rd and the 22nd field)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return f"{fields[0]} {fields[19]} {BOOT_ID.read_text().strip()}"
    except OSError:
        return ""


def _from_ps(pid: int) -> str:
    """macOS has no /proc."""
    argv = ["ps", "-o", "stat=", "-o", "lstart=", "-p", str(pid)]
    environ = {"PATH": os.defpath, "LC_ALL": "C"}
    return " ".join(subprocess.run(argv, env=environ, capture_output=True, text=True, check=False).stdout.split())
