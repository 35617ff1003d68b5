"""When a store that failed is asked again: later and later, and not by all machines at once.

One note for each store in state.db, so the next worker knows it, too: a thousand sessions that start while the store
is away ask it a few times in all.
"""

from __future__ import annotations

import random  # noqa: TID251  jitter: a team's machines must not all come back in the same second
from collections.abc import Callable

from hivemind_skillopt.model import SECOND
from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.notes import Notes

SHORTEST = 20 * SECOND
LONGEST = 3600 * SECOND
"""The time after the first failure at most, and after any. It doubles in between."""


class BackOff:
    """Exponential, with full jitter: anywhere between now and then (`draw`: 0 to 1)."""

    def __init__(self, database: Database, store_id: str, draw: Callable[[], float] = random.random) -> None:
        self._database = database
        self._notes = Notes(database)
        self._name = f"back_off {store_id}"
        self._draw = draw

    def may_try(self, now: int) -> bool:
        """Is it time? Also where the clock was set back since (ns)."""
        return not now < self.next_try() <= now + LONGEST

    def next_try(self) -> int:
        """When it is asked again (ns); 0: at any time."""
        return self._read()[1]

    def was_a_hiccup(self) -> bool:
        """Has it failed but once or twice? A restarted server is back soon; later tries are the next worker's."""
        return self._read()[0] <= 2

    def failed(self, now: int) -> int:
        """It failed; when to try again (ns). What was under way when it failed is the same failure."""
        with self._database.transaction():
            failures, next_try = self._read()
            if not self.may_try(now):
                return next_try
            longest = min(SHORTEST << min(failures, 30), LONGEST)
            next_try = now + int(longest * self._draw())
            self._notes.put(self._name, f"{failures + 1} {next_try}")
            return next_try

    def worked(self) -> None:
        """It works: the next failure is a first one."""
        if noted := self._notes.get(self._name):
            self._notes.drop(self._name, noted)

    def hurry(self) -> None:
        """A person asks: try now, but forget nothing."""
        with self._database.transaction():
            failures, _ = self._read()
            if failures:
                self._notes.put(self._name, f"{failures} 0")

    def _read(self) -> tuple[int, int]:
        """Failures in a row, and the next try."""
        failures, _, next_try = self._notes.get(self._name).partition(" ")
        return int(failures or 0), int(next_try or 0)
