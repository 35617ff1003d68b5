"""The outbox to the org store, at least once; and the pull."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from hivemind_skillopt.errors import RowRefused, SkillOptError, StoreError, StoreUnavailable
from hivemind_skillopt.ports import Clock, SkillStore
from hivemind_skillopt.pull import Puller
from hivemind_skillopt.pull.report import Change, shortened
from hivemind_skillopt.settings import Mode
from hivemind_skillopt.state.back_off import BackOff
from hivemind_skillopt.state.installs import Installs
from hivemind_skillopt.state.log import Log
from hivemind_skillopt.state.notes import Notes
from hivemind_skillopt.state.outbox import Batch, Outbox, Waiting
from hivemind_skillopt.worker.notices import Notices

UNREADABLE = "this hivemind-skillopt cannot read it; upgrade it, then `worker run --now`"
DROPS_TOLD = "outbox_dropped_told"
FEW = 2
"""So many refused rows may be all that there is; where more are sent and none is taken, it is the store's fault."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A batch, and what writes it."""

    batch: Batch
    write: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Sync:
    """A store that is down costs nothing but delay: failures are noted for `status`, and it is asked later."""

    store: SkillStore
    outbox: Outbox
    puller: Puller
    installs: Installs
    notes: Notes
    log: Log
    clock: Clock
    back_off: BackOff
    notices: Notices

    def open(self) -> bool:
        """See whether the store is there and ours; False, and a note, where it is not."""
        try:
            self.store.prepare()
        except SkillOptError as error:
            return self._failed("sync", error)
        return True

    def org_is_off(self) -> bool:
        """False also where the store cannot say it now: each job asks again."""
        try:
            return self.store.org_mode().mode is Mode.OFF
        except SkillOptError:
            return False

    def send(self) -> bool:
        """Send what waits; False when the store did not take it."""
        try:
            self._send_all()
        except StoreError as error:
            return self._failed("sync", error)
        return self._note("sync", "")

    def pull(self) -> bool:
        """Bring the harness homes up to date; False when the store could not be asked."""
        installs, changes = self.installs.all(), list[Change]()
        try:
            report = self.puller.pull(installs, on_change=changes.append)
        except StoreUnavailable as error:
            return self._failed("pull", error)
        except (SkillOptError, OSError) as error:
            self._note("pull", str(error))
            return True
        finally:
            self.notices.prepare(installs, changes)
        self._note("pull", shortened(report.problems))
        return True

    def tell_dropped(self) -> None:
        """One line of the log for all that a run had to drop."""
        dropped = self.outbox.dropped(self.clock())
        if dropped and self.notes.get(DROPS_TOLD) != str(dropped):
            self.notes.put(DROPS_TOLD, str(dropped))
            self.log.write("rows_dropped", why="the outbox is full; the org store takes nothing", rows=dropped)

    def _send_all(self) -> None:
        """Batch after batch. What has arrived is deleted, and the next one read, while the store is at work."""
        with ThreadPoolExecutor(1, "outbox") as meanwhile:
            arrived, ready = list[int](), self._next([], after=0)
            while ready.batch:
                coming = meanwhile.submit(self._next, arrived, ready.batch.last)
                arrived, ready = self._send(ready), coming.result()
                if not ready.batch:
                    arrived, ready = [], self._next(arrived, after=0)

    def _next(self, arrived: Sequence[int], after: int) -> Ready:
        if arrived:
            self.outbox.sent(arrived)
        batch = self.outbox.first(after)
        records = [row.record for row in batch.waiting]
        try:
            return Ready(batch, self.store.recording(records))
        except RowRefused:
            return Ready(batch, partial(self.store.record, records))  # says so again, and is heard there

    def _send(self, ready: Ready) -> list[int]:
        """The numbers of what has arrived and still waits to be deleted."""
        if ready.batch.unreadable:
            self._set_aside(ready.batch.unreadable, UNREADABLE)
        waiting = ready.batch.waiting
        try:
            if waiting:
                ready.write()
        except RowRefused as error:
            self._refuse(waiting, self._single_out(waiting, error))
            return []
        return [row.number for row in waiting]

    def _single_out(self, waiting: Sequence[Waiting], error: RowRefused) -> list[tuple[Waiting, str]]:
        """Send these by halves, in their order; those that are refused for good come back, and why."""
        if len(waiting) == 1:
            return [(waiting[0], str(error))]
        middle = len(waiting) // 2
        return [*self._deliver(waiting[:middle]), *self._deliver(waiting[middle:])]

    def _deliver(self, waiting: Sequence[Waiting]) -> list[tuple[Waiting, str]]:
        try:
            self.store.record([row.record for row in waiting])
        except RowRefused as error:
            return self._single_out(waiting, error)
        self.outbox.sent([row.number for row in waiting])
        return []

    def _refuse(self, waiting: Sequence[Waiting], refused: Sequence[tuple[Waiting, str]]) -> None:
        if len(waiting) == len(refused) > FEW:
            raise StoreUnavailable(f"the org store refuses every row: {refused[0][1]}")
        for row, why in refused:
            self._set_aside([row.number], why)

    def _set_aside(self, numbers: Sequence[int], why: str) -> None:
        self.outbox.set_aside(numbers, why)
        self.log.write("rows_set_aside", rows=len(numbers), why=why)

    def _failed(self, name: str, error: SkillOptError) -> bool:
        self.back_off.failed(self.clock())
        return self._note(name, str(error))

    def _note(self, name: str, failure: str) -> bool:
        """What `status` shows; a failure is logged once, not at every run."""
        if self.notes.get(f"{name}_failure") != failure:
            self.notes.put(f"{name}_failure", failure)
            if failure:
                self.log.write(f"{name}_failed", why=failure)
        return not failure
