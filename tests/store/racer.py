"""One of many processes that do the same thing to one store at the same moment: `python -m tests.store.racer URL N`.

It says `ready`, then reads lines `<monotonic ns> <what> <parent sha or ->` and answers each with one word.
"""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from hivemind_skillopt.errors import SkillOptError
from hivemind_skillopt.model import Proposal
from hivemind_skillopt.store.engine import open_store
from tests.store.values import proposal, publication

ROOT = Path(__file__).parents[2]
HEAD_START = 100_000_000


class Racers:
    """The processes, as the test sees them. A context manager: they end with it."""

    def __init__(self, url: str, count: int) -> None:
        self._url = url
        self._count = count
        self._stack = ExitStack()

    def __enter__(self) -> Racers:
        self._processes = [self._start(number) for number in range(self._count)]
        assert [process.stdout.readline() for process in self._processes] == ["ready\n"] * self._count
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.stdin.close()
        self._stack.close()

    def race(self, what: str, parent: str = "-") -> list[str]:
        """What each of them answered."""
        at = time.monotonic_ns() + HEAD_START
        for process in self._processes:
            process.stdin.write(f"{at} {what} {parent}\n")
            process.stdin.flush()
        return [process.stdout.readline().strip() for process in self._processes]

    def _start(self, number: int) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.store.racer", self._url, str(number)]
        pipe = subprocess.PIPE
        return self._stack.enter_context(subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True))


def proposed(what: str, number: int, parent: str) -> Proposal | None:
    """`reaction`: each has its own proposal from one reaction; `proposal`: all have the same one."""
    if what == "reaction":
        return proposal(number, id=f"{parent}-{number}", invocation_id=f"{parent}-{number}", reaction_id=parent)
    return proposal(id=parent, reaction_id=parent, invocation_id=parent) if what == "proposal" else None


def run(url: str, number: int, what: str, parent: str) -> str:
    store = open_store(url, "acme")
    try:
        if what == "migrate":
            store.migrate()
            return "migrated"
        sha = None if parent == "-" else parent
        request = publication(
            f"{what} {number} {parent}\n", sha, published_by=f"user-{number}", proposal=proposed(what, number, parent)
        )
        return f"v{store.publish(request).version}"
    except SkillOptError as error:
        return type(error).__name__
    finally:
        store.close()


def main(url: str, number: int) -> None:
    print("ready", flush=True)
    for line in sys.stdin:
        at, what, parent = line.split()
        while time.monotonic_ns() < int(at):
            pass
        print(run(url, number, what, parent), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
