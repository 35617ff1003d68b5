"""The outbox to the org store, at least once; and the pull."""

from __future__ import annotations

from dataclasses import dataclass

from hivemind_skillopt.errors import SkillOptError
from hivemind_skillopt.ports import Clock, SkillStore
from hivemind_skillopt.pull import Puller
from hivemind_skillopt.state.installs import Installs
from hivemind_skillopt.state.log import Log
from hivemind_skillopt.state.notes import Notes
from hivemind_skillopt.state.outbox import Outbox


@dataclass(frozen=True, slots=True)
class Sync:
    """A store that is down costs nothing but delay: failures are noted for `status` and tried at the next run."""

    store: SkillStore
    outbox: Outbox
    puller: Puller
    installs: Installs
    notes: Notes
    log: Log
    clock: Clock

    def send(self) -> bool:
        """Send what waits; False when the store did not take it."""
        numbers, records = self.outbox.first()
        while records:
            try:
                self.store.record(records)
            except SkillOptError as error:
                return self._note("sync", str(error))
            self.outbox.sent(numbers)
            numbers, records = self.outbox.first()
        return self._note("sync", "")

    def pull(self) -> None:
        """Bring the harness homes up to date."""
        try:
            report = self.puller.pull(self.installs.all())
        except (SkillOptError, OSError) as error:
            self._note("pull", str(error))
            return
        problems = [*report.failed, *(f"something of yours is in the way: {path}" for path in report.in_the_way)]
        self._note("pull", "; ".join(problems))

    def _note(self, name: str, failure: str) -> bool:
        """What `status` shows; a failure is logged once, not at every run."""
        if self.notes.get(f"{name}_failure") != failure:
            self.notes.put(f"{name}_failure", failure)
            if failure:
                self.log.write(f"{name}_failed", why=failure)
        return not failure
