"""Many processes that do the same thing to one store at the same moment: `python -m tests.store.racer URL N`.

All are forks of one process that has imported everything, has published once elsewhere, and has opened nothing, so that
64 cost little. It says `ready`, then takes lines `<what> <parent sha or ->` and answers each with the list of what each
racer said.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from socket import socket, socketpair

from hivemind_skillopt.errors import SkillOptError
from hivemind_skillopt.model import Proposal
from hivemind_skillopt.store.engine import open_store
from hivemind_skillopt.store.sql import SqlStore
from tests.store.values import proposal, publication

ROOT = Path(__file__).parents[2]


class Racers:
    """The processes, as the test sees them. A context manager: they end with it."""

    def __init__(self, url: str, count: int) -> None:
        self._argv = [sys.executable, "-m", "tests.store.racer", url, str(count)]

    def __enter__(self) -> Racers:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(self._argv, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        assert self._process.stdout.readline() == "ready\n"
        return self

    def __exit__(self, *_: object) -> None:
        with self._process:
            self._process.stdin.close()

    def race(self, what: str, parent: str = "-") -> list[str]:
        """What each of them answered: `v3`, or an error's type and its text."""
        print(what, parent, file=self._process.stdin, flush=True)
        answers: list[str] = json.loads(self._process.stdout.readline())
        return answers


def proposed(what: str, number: int, parent: str) -> Proposal | None:
    """`reaction`: each has its own proposal from one reaction; `proposal`: all have the same one."""
    if what == "reaction":
        return proposal(number, id=f"{parent}-{number}", invocation_id=f"{parent}-{number}", reaction_id=parent)
    return proposal(id=parent, reaction_id=parent, invocation_id=parent) if what == "proposal" else None


def run(store: SqlStore, number: int, what: str, parent: str) -> str:
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
        return f"{type(error).__name__}: {error}"


def race(url: str, number: int, orders: socket) -> None:
    """In the child: one store for all rounds, one connection."""
    store = open_store(url, "acme")
    while line := orders.recv(200):
        what, parent = line.decode().split()
        orders.sendall(run(store, number, what, parent).encode())


def fork(url: str, number: int, others: list[socket]) -> tuple[int, socket]:
    ours, theirs = socketpair()
    pid = os.fork()
    if pid == 0:
        for other in (*others, ours):
            other.close()
        try:
            race(url, number, theirs)
        finally:
            os._exit(0)
    theirs.close()
    return pid, ours


def warm_up(url: str) -> None:
    """What is made at the first use is made before the forks."""
    open_store(url, "acme").close()
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/store.db", "acme")
        version = store.publish(publication())
        store.publish(publication("more\n", version.content_sha256, proposal=proposal()))
        store.close()


def main(url: str, count: int) -> None:
    warm_up(url)
    children: list[tuple[int, socket]] = []
    for number in range(count):
        children.append(fork(url, number, [orders for _, orders in children]))
    print("ready", flush=True)
    for line in sys.stdin:
        for _, orders in children:
            orders.sendall(line.encode())
        print(json.dumps([orders.recv(4000).decode() for _, orders in children]), flush=True)
    for pid, _ in children:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
