"""One run: the team at work for a while, everything going wrong meanwhile; then calm, until all is done."""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.simulation.check import EVERYTHING, Check, Line
from bench.simulation.desk import Desk, all_sessions, desk_of
from bench.simulation.ledger import Ledger
from bench.simulation.machine import Machine
from bench.simulation.people import People
from bench.simulation.plan import Event, Say, Size, Use, user
from bench.simulation.proxy import Proxy
from bench.simulation.server import Troubles
from bench.simulation.workers import Workers
from hivemind_skillopt.settings import DEFAULT_ORG
from hivemind_skillopt.store.engine import open_store
from hivemind_skillopt.store.sql import SqlStore
from tests.postgres import Postgres

SHARE_REAL = 0.05
"""Of the hook events that go through the launcher and a hook process of their own; the others call its function."""

MAX_BEHIND = 5
"""Real hooks that are put off while enough workers run; a hook may start one more."""

EVENTS_AT_A_TIME = 20
"""Then people, workers and troubles have their turn, however late the events are."""

SESSIONS_PER_ACT, MIN_ACTS = 10, 6
MAX_SHARE = 1.2
"""How much longer people may go on after the last event."""

DRAIN_SECONDS = 400.0
"""Then what is left is a difference."""


@dataclass(frozen=True, slots=True)
class Result:
    """What the report tells."""

    lines: list[Line]
    ledger: Ledger
    faults: Counter[str]
    failures: Counter[str]
    ends: Counter[str]
    said: Counter[str]
    workers: int
    killed: int
    seconds: dict[str, float]

    @property
    def differs(self) -> bool:
        """Is there one difference?"""
        return any(line.differs for line in self.lines)


@dataclass
class Run:
    """Everything that takes part."""

    size: Size
    server: Postgres
    proxy: Proxy
    machines: Sequence[Machine]
    desks: Sequence[Desk]
    ledger: Ledger
    store: SqlStore
    database: str
    draw: random.Random

    def __post_init__(self) -> None:
        self.workers = Workers(self.machines, self.draw)
        self.people = People(self.machines, self.ledger, self.store, self.draw)
        self.troubles = Troubles(self.server, self.database, self.draw, self.store.close)

    def result(self) -> Result:
        """Set up, work under faults, drain, pull, compare."""
        seconds = {}
        for name, part in (("set up", self._set_up), ("under faults", self._work), ("until all was done", self._drain)):
            began = time.monotonic()
            part()
            seconds[name] = time.monotonic() - began
            tell(f"{name}: {seconds[name]:.0f} s")
        faults = Counter(self.proxy.tell("count")) + self.troubles.done
        check = Check(self.ledger, self.store, self.server, self.database, self.machines)
        return Result(
            lines=check.lines(),
            ledger=self.ledger,
            faults=faults,
            failures=self.people.failures,
            ends=Counter(proposal.status.value for proposal in self.store.proposals(limit=EVERYTHING)),
            said=Counter(said for machine in self.machines for said in machine.said(SAID)),
            workers=len(self.workers.seen),
            killed=self.workers.killed,
            seconds=seconds,
        )

    def _set_up(self) -> None:
        self._everywhere("install", "--harness", "claude_code", "--yes")
        self.people.found(time.time_ns())
        self._everywhere("pull")

    def _work(self) -> None:
        """The events are spread over the time; whatever blocks here puts off the rest."""
        total, acts = sum(map(len, all_sessions(self.desks))), max(MIN_ACTS, self.size.sessions // SESSIONS_PER_ACT)
        self.proxy.tell("faults")
        began, acted, share = time.monotonic(), 0, 0.0
        while self.ledger.events < total or (acted < acts and share < MAX_SHARE):
            share = (time.monotonic() - began) / self.size.seconds
            self.troubles.until(share)
            for _ in range(EVENTS_AT_A_TIME):
                if self.ledger.events >= min(total, share * total) or not self._one_event():
                    break
            if acted < min(acts, share * acts) and self._store_is_up() and len(self.people.at_work) < 2:
                acted += 1
                self.people.act()
            self.people.look()
            self.workers.tend(len(self.people.at_work))
            time.sleep(0.005)
        self.troubles.end()
        self.proxy.tell("calm")
        self.people.wait()

    def _store_is_up(self) -> bool:
        """People decide what to do by looking past the proxy."""
        return not self.troubles.away

    def _one_event(self) -> bool:
        desks = list(self.desks)
        self.draw.shuffle(desks)
        for desk in desks:
            if event := desk.next_event(self.draw):
                self._happens(desk.machine, event)
                return True
        return False

    def _happens(self, machine: Machine, event: Event) -> None:
        behind = self.ledger.events * SHARE_REAL - len(self.ledger.real_hooks)
        if behind > (MAX_BEHIND if self.workers.full else 0):
            took, said = machine.hook(event)
            self.ledger.real_hooks.append(took)
            self.ledger.noisy += [said] if said else []
        elif machine.record(event):
            self.workers.ask(machine)
        elif isinstance(event, Say) and event.windows and event.reaction_id not in self.ledger.heard:
            self.ledger.unrecorded.append(f"{event.session} {event.prompt}")
        if isinstance(event, Use):
            machine.transcribe(event)
        self.ledger.happened(event)

    def _drain(self) -> None:
        """The workers of all machines, until nothing is left; then all pull. What is left then is told by the check."""
        self.workers.finish(time.monotonic() + DRAIN_SECONDS)
        self._everywhere("pull")

    def _everywhere(self, *arguments: str) -> None:
        """On all machines, two at a time, while nothing is wrong: it has to succeed."""
        for pair in (self.machines[n : n + 2] for n in range(0, len(self.machines), 2)):
            for machine, process in [(machine, machine.cli(*arguments)) for machine in pair]:
                _, error = process.communicate(timeout=DRAIN_SECONDS)
                if process.returncode:
                    raise RuntimeError(f"{machine.name}: {arguments[0]} failed: {error.strip()}")


SAID = ("worker_failed", "plugin_failed", "gave_up", "job_failed", "set_aside", "pull_failed", "sync_failed")
"""What the log of a machine says that may be worth a look."""


def tell(what: str) -> None:
    """Progress, beside the table."""
    print(what, file=sys.stderr, flush=True)


def run_team(size: Size, server: Postgres, root: Path) -> Result:
    """The whole bench below `root`, on a database of its own."""
    url = server.new_database()
    database = url.partition("?")[0].rpartition("/")[2]
    store = open_store(url, DEFAULT_ORG)
    store.migrate()
    draw, skills = random.Random(size.seed), size.skills()
    with Proxy(server.socket, size.seed) as proxy:
        shown = f"postgresql://postgres@127.0.0.1:{proxy.port}/{database}?sslmode=disable&gssencmode=disable"
        machines = [Machine(f"m{n:02d}", user(n), root / f"m{n:02d}", shown) for n in range(size.machines)]
        desks = [desk_of(machine, n, size, skills, draw) for n, machine in enumerate(machines)]
        ledger = Ledger({skill.ref: skill for skill in skills})
        run = Run(size, server, proxy, machines, desks, ledger, store, database, draw)
        try:
            return run.result()
        finally:
            run.workers.kill_all()
            store.close()
