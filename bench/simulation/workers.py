"""The detached workers of all machines: started as the recorder starts them, found by `ps`, and killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from bench.simulation.machine import Machine
from hivemind_skillopt.launch import WORKER_MAIN

AT_ONCE = 3
SHARE_KILLED = 0.4
"""Of the workers, at an instant of the first seconds of their life."""

YOUNG_SECONDS = 5.0
OLD_SECONDS = 12.0
"""Then a worker is killed anyway: it waits for a job's next try, and the others want its place."""

LOOK_EVERY_SECONDS = 0.25


@dataclass
class Workers:
    """`due`: the machines whose recorder asked for a worker. `seen`: every worker, also those that a hook started."""

    machines: Sequence[Machine]
    draw: random.Random
    due: deque[Machine] = field(default_factory=deque)
    seen: set[int] = field(default_factory=set)
    killed: int = 0
    full: bool = False
    _children: set[int] = field(default_factory=set)
    _dies_at: dict[int, float] = field(default_factory=dict)
    _looked: float = 0.0

    def ask(self, machine: Machine) -> None:
        """A worker is due there."""
        if machine not in self.due:
            self.due.append(machine)

    def tend(self, busy: int) -> None:
        """Kill whose time has come, and start others in their place. `busy`: other processes of ours."""
        now = time.monotonic()
        if now - self._looked < LOOK_EVERY_SECONDS:
            return
        self._looked = now
        running = self.running()
        self.full = len(running) + busy >= AT_ONCE
        self._kill(running, now)
        for _ in range(AT_ONCE - len(running) - busy):
            if self.due:
                self._children.add(self.due.popleft().start_worker())

    def finish(self, until: float) -> None:
        """Let them work until no machine has anything left, or the time is over."""
        at_work: dict[str, subprocess.Popen[bytes]] = {}
        while time.monotonic() < until:
            at_work = {name: process for name, process in at_work.items() if process.poll() is None}
            idle = [machine for machine in self.machines if machine.name not in at_work and machine.waits()]
            if not idle and not at_work:
                return
            for machine in idle[: AT_ONCE - 1 - len(at_work)]:
                at_work[machine.name] = machine.work_off()
            time.sleep(LOOK_EVERY_SECONDS)
        for process in at_work.values():
            process.kill()

    def running(self) -> dict[int, str]:
        """The state directory of each worker, by its pid: also of those that a hook has started."""
        self._reap()
        listed = subprocess.run(["ps", "-A", "-o", "pid=,args="], capture_output=True, text=True, check=True).stdout
        states = {str(machine.state) for machine in self.machines}
        words = [line.split() for line in listed.splitlines() if WORKER_MAIN in line]
        running = {int(found[0]): found[-1] for found in words if found[-1] in states}
        self.seen |= set(running)
        return running

    def kill_all(self) -> None:
        """At the end of a run that failed."""
        for pid in self.running():
            self._kill_one(pid)
        self._reap()

    def _kill(self, running: dict[int, str], now: float) -> None:
        self._dies_at = {pid: self._dies_at.get(pid) or now + self._life() for pid in running}
        for pid in [pid for pid, at in self._dies_at.items() if at < now]:
            self._kill_one(pid)
            self.killed += 1

    def _life(self) -> float:
        return self.draw.uniform(0, YOUNG_SECONDS) if self.draw.random() < SHARE_KILLED else OLD_SECONDS

    @staticmethod
    def _kill_one(pid: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def _reap(self) -> None:
        for pid in list(self._children):
            if os.waitpid(pid, os.WNOHANG)[0]:
                self._children.discard(pid)
