"""What each worker does first: put right what a dead one left and what the clock did, forget what is old."""

from __future__ import annotations

from dataclasses import dataclass
from glob import escape
from pathlib import Path

from hivemind_skillopt.hooks.machine import Machine
from hivemind_skillopt.paths import STARTERS, WAITERS, Paths
from hivemind_skillopt.state.events import SeenEvents
from hivemind_skillopt.state.inbox import Inbox
from hivemind_skillopt.state.inbox_size import count_inbox
from hivemind_skillopt.state.installs import Installs
from hivemind_skillopt.state.leftovers import NEIGHBOURS, RECORDERS, sweep
from hivemind_skillopt.state.running_calls import RunningCalls
from hivemind_skillopt.state.skill_folders import VersionFolders
from hivemind_skillopt.state.spending import Spending


@dataclass(frozen=True, slots=True)
class Housekeeping:
    """Nothing here grows for ever. Each part is safe to repeat, so a kill in between costs nothing."""

    machine: Machine
    inbox: Inbox
    seen: SeenEvents
    spending: Spending
    paths: Paths
    installs: Installs
    calls: RunningCalls

    def run(self, now: int) -> None:
        """`now`: ns. Raises StateUnavailable."""
        self.calls.end_orphans()
        self.machine.jobs.revive()
        self.machine.jobs.put_times_right(now)
        self._expire_windows(now)
        self._forget(now)
        self._sweep(now)
        self.count_inbox()

    def count_inbox(self) -> None:
        """What is left in it, so that recorders know how much room there is."""
        count_inbox(self.paths.inbox, self.paths.inbox_blocks)

    def _expire_windows(self, now: int) -> None:
        for window in self.machine.windows.all_open():
            expired = window.expire(now)
            if expired != window:
                self.machine.windows.save(expired)
                self.machine.put_right_marker(window.invocation.harness, window.invocation.session_id)

    def _forget(self, now: int) -> None:
        self.machine.jobs.forget_old(now)
        self.machine.windows.forget_old(now)
        self.machine.sessions.forget_old(now)
        self.machine.markers.forget_old(now)
        self.inbox.forget_set_aside(now)
        self.seen.forget_old(now)
        self.spending.forget_old(now)

    def _sweep(self, now: int) -> None:
        """Temporary files of killed recorders, workers and pulls."""
        paths, folders = self.paths, VersionFolders(self.paths.skills, self.paths.edited)
        sweep((paths.inbox, paths.skills), RECORDERS, now)
        sweep((paths.state, paths.backups, paths.calls), NEIGHBOURS, now)
        for locks in (WAITERS, STARTERS):
            sweep((paths.state,), locks, now)
        for install in self.installs.all():  # a person's folders: only what is surely ours
            sweep((Path(install.skill_root),), NEIGHBOURS, now, folders.is_link_here)
            for file in (Path(one.path) for one in install.files):
                sweep((file.parent,), f".{escape(file.name)}.tmp-*", now, Path.is_file)
