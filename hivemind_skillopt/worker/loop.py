"""The worker's one loop: take in, run what is due, send, pull; end when nothing is left to do soon."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from hivemind_skillopt.hooks.machine import Machine
from hivemind_skillopt.model import SECOND
from hivemind_skillopt.ports import Clock, SkillStore
from hivemind_skillopt.settings import Mode
from hivemind_skillopt.state.back_off import BackOff
from hivemind_skillopt.state.jobs import Place
from hivemind_skillopt.state.notes import PULL_DUE, WORKER_PID, Notes
from hivemind_skillopt.worker.housekeeping import Housekeeping
from hivemind_skillopt.worker.intake import Intake
from hivemind_skillopt.worker.job_runner import JobRunner
from hivemind_skillopt.worker.sync import Sync

POOL = 2
"""Model calls at a time (DESIGN 3)."""

LINGER = 60 * SECOND
"""A job, or a store that failed, due within this time is waited for; what is later is left to the next worker."""

PAUSE_SECONDS = 0.2


@dataclass(slots=True)
class Loop:
    """One run of the worker. Everything is passed in."""

    machine: Machine
    intake: Intake
    runner: JobRunner
    sync: Sync
    store: SkillStore
    place: Place
    housekeeping: Housekeeping
    notes: Notes
    clock: Clock
    sleep: Callable[[float], None]
    pid: int
    back_off: BackOff
    running: set[Future[None]] = field(default_factory=set)
    store_is_open: bool = False

    def run(self) -> None:
        """Until the inbox is empty and no job is due soon."""
        self.notes.put(WORKER_PID, str(self.pid))
        self._begin()
        with ThreadPoolExecutor(POOL) as pool:
            while self._turn(pool):
                pass
        self.housekeeping.count_inbox()
        self.sync.tell_dropped()
        self.notes.put("last_worker_run", str(self.clock()))
        self.notes.drop(WORKER_PID, str(self.pid))
        self.intake.database.shed()

    def close(self) -> None:
        """Give the databases back."""
        self.intake.database.close()
        self.store.close()

    def _begin(self) -> None:
        self.housekeeping.run(self.clock())
        self.intake.put_strangers_aside()
        if self.machine.settings.mode is Mode.OFF:
            self._drop_waiting()

    def _drop_waiting(self) -> None:
        if dropped := self.machine.jobs.drop_waiting(self.place):
            self.machine.log.write("jobs_discarded", why="mode off", jobs=dropped)

    def _turn(self, pool: ThreadPoolExecutor) -> bool:
        """One round; False when there is nothing left to do soon."""
        taken, more = self.intake.take_in(), self._has_more(pool)
        if more and not taken:
            self._pause()
        return more or taken > 0

    def _has_more(self, pool: ThreadPoolExecutor) -> bool:
        """Jobs, rows and the pull; True while there is something to come back for."""
        self._collect()
        if self.back_off.may_try(self.clock()):
            self._with_store(pool)
        return bool(self.running) or self._due_soon()

    def _with_store(self, pool: ThreadPoolExecutor) -> None:
        """What needs the store, until it fails. It works when all that was due has gone through, jobs included: a
        server that is read-only lets itself be opened and read."""
        if not self.store_is_open and not self._open():
            return
        due = [] if self.machine.is_paused() else self.machine.jobs.take_due(self.clock(), self.place)
        self.running |= {pool.submit(self.runner.run, job) for job in due}
        if self.sync.send() and self._pulled() and not self.running:
            self.back_off.worked()

    def _open(self) -> bool:
        """What waits while the org is off is never judged, not even when its time comes after that."""
        self.store_is_open = self.sync.open()
        if self.store_is_open and self.machine.jobs.next_due(self.place) is not None and self.sync.org_is_off():
            self._drop_waiting()
        return self.store_is_open

    def _pulled(self) -> bool:
        """Where one is due. It stays due until the store has answered."""
        due_for = self.notes.get(PULL_DUE) if self.machine.settings.autopull else ""
        if due_for and not self.sync.pull():
            return False
        if due_for:
            self.notes.drop(PULL_DUE, due_for)
        return True

    def _collect(self) -> None:
        """Take finished jobs off the list. Raises what one of them raised."""
        done = {future for future in self.running if future.done()}
        self.running -= done
        for future in done:
            future.result()

    def _due_soon(self) -> bool:
        next_due = self._next_due()
        return next_due is not None and next_due - self.clock() < LINGER

    def _next_due(self) -> int | None:
        """When there is something to do again (ns); None: not before the next event."""
        job = None if self.machine.is_paused() else self.machine.jobs.next_due(self.place)
        next_try = self.back_off.next_try()
        if next_try <= self.clock():
            return job
        if not self.back_off.was_a_hiccup():
            return None
        waits = job is not None or self.machine.outbox.waits() or bool(self.notes.get(PULL_DUE))
        return max(job or 0, next_try) if waits else None

    def _pause(self) -> None:
        """Wait for a job to end, or a moment: the inbox is looked at again."""
        if self.running:
            wait(self.running, timeout=PAUSE_SECONDS, return_when=FIRST_COMPLETED)
        else:
            self.sleep(PAUSE_SECONDS)
