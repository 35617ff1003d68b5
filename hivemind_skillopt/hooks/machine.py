"""What the built-in behaviours are given: this machine's state, passed in by the worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hivemind_skillopt.settings import Settings, paused_until
from hivemind_skillopt.state.jobs import Jobs
from hivemind_skillopt.state.log import Log
from hivemind_skillopt.state.manifest import Manifest, ManifestEntry
from hivemind_skillopt.state.markers import Markers
from hivemind_skillopt.state.outbox import Outbox
from hivemind_skillopt.state.windows import Sessions, Windows


@dataclass(frozen=True, slots=True)
class Machine:
    """The parts of state.db that behaviours read and change, all inside one transaction per event.

    `is_modified` tells whether the installed copy differs from the version that was pulled; `is_pulled` whether a
    folder is that copy, or another version of it.
    """

    settings: Settings
    sessions: Sessions
    windows: Windows
    jobs: Jobs
    outbox: Outbox
    manifest: Manifest
    markers: Markers
    log: Log
    is_modified: Callable[[ManifestEntry], bool]
    is_pulled: Callable[[ManifestEntry, str], bool]

    def is_paused(self) -> bool:
        """Now, as the file says: a pause also stops a worker that was running before."""
        return paused_until(self.settings.paths.disabled) > self.log.clock()

    def put_right_marker(self, harness: str, session_id: str) -> None:
        """No open window, no marker: the session's next prompt creates no file and starts no process."""
        if self.windows.open_in(harness, session_id):
            self.markers.put(harness, session_id)
        else:
            self.markers.remove(harness, session_id)
