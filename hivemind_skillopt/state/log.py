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
        if not name.exists():
            continue
        for line in name.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict):
                yield entry
