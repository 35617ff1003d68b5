"""The worker's one loop: take in, run what is due, send, pull; end when nothing is left to do soon."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from hivemind_skillopt.errors import SkillOptError
from hivemind_skillopt.hooks.machine import Machine
from hivemind_skillopt.model import SECOND
from hivemind_skillopt.ports import Clock, SkillStore
from hivemind_skillopt.settings import Mode
from hivemind_skillopt.state.jobs import Place
from hivemind_skillopt.state.notes import PULL_DUE, WORKER_PID, Notes
from hivemind_skillopt.worker.housekeeping import Housekeeping
from hivemind_skillopt.worker.intake import Intake
from hivemind_skillopt.worker.job_runner import JobRunner
from hivemind_skillopt.worker.sync import Sync

POOL = 2
"""Model calls at a time (DESIGN 3)."""

LINGER = 60 * SECOND
"""A job due within this time is waited for; later ones are left to the next worker."""

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
    running: set[Future[None]] = field(default_factory=set)
    store_is_up: bool = False

    def run(self) -> None:
        """Until the inbox is empty and no job is due soon."""
        self.notes.put(WORKER_PID, str(self.pid))
        self._begin()
        with ThreadPoolExecutor(POOL) as pool:
            while self._turn(pool):
                pass
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
        self.store_is_up = self._open_store()
        if self.machine.settings.mode is Mode.OFF and (dropped := self.machine.jobs.drop_waiting(self.place)):
            self.machine.log.write("jobs_discarded", why="mode off", jobs=dropped)

    def _open_store(self) -> bool:
        try:
            self.store.prepare()
        except SkillOptError as error:
            self.notes.put("sync_failure", str(error))
            self.machine.log.write("store_unavailable", why=str(error))
            return False
        return True

    def _turn(self, pool: ThreadPoolExecutor) -> bool:
        """One round; False when there is nothing left to do soon."""
        taken, more = self.intake.take_in(), self._has_more(pool)
        if more and not taken:
            self._pause()
        return more or taken > 0

    def _has_more(self, pool: ThreadPoolExecutor) -> bool:
        """Jobs, rows and the pull; True while there is something to come back for."""
        self._collect()
        if self.store_is_up:
            self._with_store(pool)
        return bool(self.running) or self._due_soon()

    def _with_store(self, pool: ThreadPoolExecutor) -> None:
        due = [] if self.machine.is_paused() else self.machine.jobs.take_due(self.clock(), self.place)
        self.running |= {pool.submit(self.runner.run, job) for job in due}
        self.store_is_up = self.sync.send()
        due_for = self.notes.get(PULL_DUE) if self.machine.settings.autopull else ""
        if due_for:
            self.sync.pull()
            self.notes.drop(PULL_DUE, due_for)

    def _collect(self) -> None:
        """Take finished jobs off the list. Raises what one of them raised."""
        done = {future for future in self.running if future.done()}
        self.running -= done
        for future in done:
            future.result()

    def _due_soon(self) -> bool:
        may_run = self.store_is_up and not self.machine.is_paused()
        next_due = self.machine.jobs.next_due(self.place) if may_run else None
        return next_due is not None and next_due - self.clock() < LINGER

    def _pause(self) -> None:
        """Wait for a job to end, or a moment: the inbox is looked at again."""
        if self.running:
            wait(self.running, timeout=PAUSE_SECONDS, return_when=FIRST_COMPLETED)
        else:
            self.sleep(PAUSE_SECONDS)
