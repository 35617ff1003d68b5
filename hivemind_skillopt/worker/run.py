"""Be the one worker of a state directory; a start that finds one running is picked up by it."""

from __future__ import annotations

import time
from contextlib import closing
from typing import IO

import portalocker

from hivemind_skillopt.settings import Settings
from hivemind_skillopt.worker.compose import build_loop
from hivemind_skillopt.worker.loop import Loop

PATIENCE_SECONDS = 180.0
PAUSE_SECONDS = 0.5


def run_worker(settings: Settings) -> bool:
    """Work until nothing is left; False when another worker holds the lock.

    One that works for another store or harness home leaves our items alone, so for that one we wait a while.
    After the lock is given back the inbox is looked at once more: a file that came in between started a
    worker which found the lock taken and ended.
    """
    with closing(build_loop(settings)) as loop:
        return _work(loop, settings)


def _work(loop: Loop, settings: Settings) -> bool:
    worked, patience = False, PATIENCE_SECONDS / PAUSE_SECONDS
    while not worked or set(loop.intake.inbox.names()) - loop.intake.waiting:
        try:
            with _lock(settings) as file:
                _run_once(loop, file)
        except portalocker.AlreadyLocked:
            if worked or patience <= 0 or settings.paths.lock.read_text() == _identity(loop):
                return worked
            patience -= 1
            time.sleep(PAUSE_SECONDS)
        else:
            worked = True
    return worked


def _identity(loop: Loop) -> str:
    """Whose items a worker takes in."""
    return "\n".join((loop.place.store_id, *sorted(loop.place.homes)))


def _lock(settings: Settings) -> portalocker.Lock:
    settings.paths.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING
    return portalocker.Lock(settings.paths.lock, mode="a", timeout=0, fail_when_locked=True, flags=flags)


def _run_once(loop: Loop, lock: IO[str]) -> None:
    """One run; while it lasts, the lock file says for whom."""
    lock.truncate(0)  # of a holder that was killed
    lock.write(_identity(loop))
    lock.flush()
    try:
        loop.run()
    except Exception as error:
        loop.machine.log.write("worker_failed", why=type(error).__name__)
        raise
    finally:
        lock.truncate(0)
