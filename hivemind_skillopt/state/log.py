"""log.jsonl: what the machine did, one JSON object a line. Ids, names and numbers; never conversation text."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from hivemind_skillopt.ports import Clock

MAX_BYTES = 4 << 20
"""Beyond this the log becomes `log.jsonl.1`; one older file is kept."""


class Log:
    """Append-only. A log that cannot be written never stops the work."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self.clock = clock

    def write(self, what: str, **facts: str | int | float | bool | None) -> None:
        """Add one line."""
        line = json.dumps({"at": self.clock(), "what": what, **facts}, ensure_ascii=False) + "\n"
        try:
            self._rotate()
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "ab") as file:
                file.write(line.encode("utf-8", "replace"))
        except OSError:
            return

    def _rotate(self) -> None:
        if self._path.exists() and self._path.stat().st_size > MAX_BYTES:
            self._path.replace(self._path.with_name(self._path.name + ".1"))


def read_log(path: Path) -> Iterator[dict[str, object]]:
    """The entries, oldest first; lines that are not JSON objects are left out."""
    for name in (path.with_name(path.name + ".1"), path):
        if name.exists():
            yield from _entries(name.read_text(encoding="utf-8", errors="replace"))


def last_worker_failure(path: Path, since: int) -> str | None:
    """Why the newest worker gave up, where none has run to its end since (ns). It can write to the log only."""
    failure = None
    for entry in read_log(path):
        at = entry.get("at")
        if entry.get("what") == "worker_failed" and isinstance(at, int) and at > since:
            failure = str(entry.get("why"))
    return failure


class LogFollower:
    """Gives what was written since it was last asked, also across the change to a new file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._inode, self._position = self._end()

    def new_entries(self) -> list[dict[str, object]]:
        """Only whole lines; the rest of a half-written one comes the next time."""
        inode, size = self._end()
        found: list[dict[str, object]] = []
        if inode != self._inode and self._inode:
            found += self._read(self._path.with_name(self._path.name + ".1"))
        if inode != self._inode or size < self._position:
            self._inode, self._position = inode, 0
        return found + self._read(self._path)

    def _read(self, path: Path) -> list[dict[str, object]]:
        try:
            with path.open("rb") as file:
                file.seek(self._position)
                data = file.read()
        except FileNotFoundError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._position += len(whole)
        return list(_entries(whole.decode("utf-8", "replace")))

    def _end(self) -> tuple[int, int]:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return 0, 0
        return status.st_ino, status.st_size


def _entries(text: str) -> Iterator[dict[str, object]]:
    for line in text.split("\n"):
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(entry, dict):
            yield entry
