"""The worker's one loop: take in, run what is due, send, pull; end when nothing is left to do soon."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from hivemind_skillopt.errors import SkillOptError
from hivemind_skillopt.hooks.machine import Machine
from hivemind_skillopt.model import SECOND, SkillVersion
from hivemind_skillopt.ports import Clock, SkillStore
from hivemind_skillopt.settings import Mode
from hivemind_skillopt.state.events import SeenEvents
from hivemind_skillopt.state.jobs import Place
from hivemind_skillopt.state.notes import Notes
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
    seen: SeenEvents
    notes: Notes
    clock: Clock
    sleep: Callable[[float], None]
    pid: int
    running: set[Future[SkillVersion | None]] = field(default_factory=set)
    store_is_up: bool = False

    def run(self) -> None:
        """Until the inbox is empty and no job is due soon."""
        self.notes.put("worker_pid", str(self.pid))
        self._begin()
        with ThreadPoolExecutor(POOL) as pool:
            while self._turn(pool):
                pass
        self.notes.put("last_worker_run", str(self.clock()))
        self.notes.put("worker_pid", "")
        self.intake.database.shed()

    def close(self) -> None:
        """Give the databases back."""
        self.intake.database.close()
        self.store.close()

    def _begin(self) -> None:
        """Put right what a dead worker left, forget what is old."""
        now, jobs = self.clock(), self.machine.jobs
        jobs.revive()
        jobs.forget_old(now)
        self.intake.inbox.forget_set_aside(now)
        self.seen.forget_old(now)
        self._expire_windows(now)
        self.store_is_up = self._open_store()
        if self.machine.settings.mode is Mode.OFF and (dropped := jobs.drop_waiting(self.place)):
            self.machine.log.write("jobs_discarded", why="mode off", jobs=dropped)

    def _open_store(self) -> bool:
        try:
            self.store.migrate()
        except SkillOptError as error:
            self.notes.put("sync_failure", str(error))
            self.machine.log.write("store_unavailable", why=str(error))
            return False
        return True

    def _expire_windows(self, now: int) -> None:
        for window in self.machine.windows.all_open():
            expired = window.expire(now)
            if expired != window:
                self.machine.windows.save(expired)
                self.machine.put_right_marker(window.invocation.harness, window.invocation.session_id)

    def _turn(self, pool: ThreadPoolExecutor) -> bool:
        """One round; False when there is nothing left to do soon."""
        taken, more = self.intake.take_in(), self._has_more(pool)
        if more and not taken:
            self._pause()
        return more or taken > 0

    def _has_more(self, pool: ThreadPoolExecutor) -> bool:
        """Jobs, rows and the pull; True while there is something to come back for."""
        published = self._collect()
        if self.store_is_up:
            self._with_store(pool, pull=published or self.intake.session_started)
        return bool(self.running) or self._due_soon()

    def _with_store(self, pool: ThreadPoolExecutor, *, pull: bool) -> None:
        due = [] if self.machine.is_paused() else self.machine.jobs.take_due(self.clock(), self.place)
        self.running |= {pool.submit(self.runner.run, job) for job in due}
        self.store_is_up = self.sync.send()
        if pull and self.machine.settings.autopull:
            self.intake.session_started = False
            self.sync.pull()

    def _collect(self) -> bool:
        """Take finished jobs off the list; did one of them publish?"""
        done = {future for future in self.running if future.done()}
        self.running -= done
        return sum(future.result() is not None for future in done) > 0

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
