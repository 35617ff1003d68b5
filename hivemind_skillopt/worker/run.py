"""Be the one worker of a state directory; a start that finds one running is picked up by it."""

from __future__ import annotations

import time

import portalocker

from hivemind_skillopt.settings import Settings
from hivemind_skillopt.state.inbox import Inbox
from hivemind_skillopt.state.log import Log
from hivemind_skillopt.worker.compose import build_loop


def run_worker(settings: Settings) -> bool:
    """Work until nothing is left; False when another worker holds the lock.

    After the lock is given back the inbox is looked at once more: a file that came in between started a
    worker which found the lock taken and ended.
    """
    worked = False
    inbox = Inbox(settings.paths.inbox, settings.paths.set_aside)
    waiting: set[str] = set()
    while not worked or set(inbox.names()) - waiting:
        try:
            with _lock(settings):
                waiting = _run_once(settings)
        except portalocker.AlreadyLocked:
            return worked
        worked = True
    return worked


def _lock(settings: Settings) -> portalocker.Lock:
    settings.paths.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING
    return portalocker.Lock(settings.paths.lock, mode="a", timeout=0, fail_when_locked=True, flags=flags)


def _run_once(settings: Settings) -> set[str]:
    """One run of the loop; the inbox files that are not ours."""
    log = Log(settings.paths.log, time.time_ns)
    try:
        loop = build_loop(settings)
        loop.run()
    except Exception as error:
        log.write("worker_failed", error=type(error).__name__)
        raise
    return loop.intake.waiting
