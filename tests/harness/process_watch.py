"""A process that looks at the arguments and the environment of all others, again and again, for what must not stand
there. Run as a program it gets the needles by stdin and watches until stdin is closed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PAUSE = 0.0005
"""Seconds between two looks; what a hook runs lives for 20 ms and more."""


class Watch:
    """Watches while the `with` block runs; afterwards the figures are there. Needles in lower case.

    `kinds`: names of processes by a part of their arguments; counted are those that know of `root`.
    """

    def __init__(self, needles: Mapping[bytes, str], kinds: Mapping[str, str], root: Path) -> None:
        told = {needle.decode(): name for needle, name in needles.items()}
        self._told = {"needles": told, "kinds": dict(kinds), "root": str(root)}
        self.samples = 0
        self.seen: dict[str, int] = {}
        self.found: set[tuple[str, str]] = set()

    def __enter__(self) -> Self:
        argv = [sys.executable, "-I", __file__]
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
        assert self._process.stdin and self._process.stdout  # noqa: PT018
        self._process.stdin.write(json.dumps(self._told) + "\n")
        self._process.stdin.flush()
        self._process.stdout.readline()  # it has begun
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        told, _said = self._process.communicate(timeout=60)
        result = json.loads(told)
        self.samples, self.seen = result["samples"], result["seen"]
        self.found = {(where, what) for where, what in result["found"]}


@dataclass
class Sampler:
    """The program's own side: looks at every process that is younger than the watch."""

    needles: Mapping[bytes, str]
    kinds: Mapping[bytes, str]
    root: bytes
    older: frozenset[str]
    samples: int = 0
    known: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    found: set[tuple[str, str]] = field(default_factory=set)

    def sample(self) -> None:
        """What a process was seen with before is not searched again: the next look comes the sooner."""
        self.samples += 1
        running = set(_running()) - self.older
        for gone in self.known.keys() - running:
            del self.known[gone]
        for pid in running:
            now = (_read(pid, "cmdline"), _read(pid, "environ"))
            if now != self.known.get(pid):
                self.known[pid] = now
                self._search(*now)

    def _search(self, argv: bytes, environ: bytes) -> None:
        self.seen.update(name for part, name in self.kinds.items() if part in argv and self.root in argv + environ)
        self.found |= {("argv", name) for name in self._held_by(argv)}
        self.found |= {("environment", name) for name in self._held_by(environ)}

    def _held_by(self, data: bytes) -> set[str]:
        lower = data.lower()
        return {name for needle, name in self.needles.items() if needle in lower}


def _running() -> Iterator[str]:
    return (entry for entry in os.listdir("/proc") if entry.isdecimal())


def _read(pid: str, what: str) -> bytes:
    with suppress(OSError):
        return Path("/proc", pid, what).read_bytes()
    return b""


def main() -> None:
    """Watch until stdin ends, then print what was seen."""
    told: dict[str, Any] = json.loads(sys.stdin.readline())
    needles, kinds = ({key.encode(): name for key, name in told[part].items()} for part in ("needles", "kinds"))
    sampler, ended = Sampler(needles, kinds, told["root"].encode(), frozenset(_running())), threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    print("watching", flush=True)
    while not ended.is_set():
        sampler.sample()
        time.sleep(PAUSE)
    print(json.dumps({"samples": sampler.samples, "seen": sampler.seen, "found": sorted(sampler.found)}))


if __name__ == "__main__":
    main()
