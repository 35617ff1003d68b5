"""Be the one worker of a state directory; a start that finds one running is picked up by it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from typing import IO

import portalocker

from hivemind_skillopt.settings import Settings
from hivemind_skillopt.state.worker_lock import worker_lock
from hivemind_skillopt.worker.compose import build_loop
from hivemind_skillopt.worker.loop import Loop

PATIENCE_SECONDS = 180.0
PAUSE_SECONDS = 0.5


def run_worker(settings: Settings, look: Callable[[], None]) -> bool:
    """Work until nothing is left; False when another worker holds the lock. `look`: called before the inbox is read.

    One that works for another store or harness home leaves our items alone, so for that one we wait a while.
    After the lock is given back the inbox is looked at once more: a file that came in between started a
    worker which found the lock taken and ended.
    """
    with closing(build_loop(settings)) as loop:
        return _work(loop, settings, look)


def _work(loop: Loop, settings: Settings, look: Callable[[], None]) -> bool:
    worked = False
    while not worked or set(loop.intake.inbox.names()) - loop.intake.waiting:
        if not _try(loop, settings, look) and not _wait_for_turn(loop, settings, look):
            return worked
        worked = True
    return worked


def _try(loop: Loop, settings: Settings, look: Callable[[], None]) -> bool:
    """One run; False when another worker holds the lock."""
    try:
        with worker_lock(settings.paths.lock) as file:
            look()
            _run_once(loop, file)
    except portalocker.AlreadyLocked:
        return False
    return True


def _wait_for_turn(loop: Loop, settings: Settings, look: Callable[[], None]) -> bool:
    """Wait for a worker of other items, at most one process for each store and its homes; False: not needed, or not
    granted in time.

    Others end because we hold the lock of the one that starts, or of the one that waits: their items are ours to see
    to. So we hold neither when we read who runs. An item of one that found a lock held was in the inbox before that; if
    a worker of ours runs at the reading, its last look is yet to come. Who comes after that finds the locks free.
    """
    look()
    identity = _identity(loop)
    for _ in range(int(PATIENCE_SECONDS / PAUSE_SECONDS)):
        if settings.paths.lock.read_text() == identity:
            return False
        try:
            with worker_lock(settings.paths.waiter_lock(identity)):
                time.sleep(PAUSE_SECONDS)
                if _try(loop, settings, look):
                    return True
        except portalocker.AlreadyLocked:
            return False
    return False


def _identity(loop: Loop) -> str:
    """Whose items a worker takes in."""
    return "\n".join((loop.place.store_id, *sorted(loop.place.homes)))


def _run_once(loop: Loop, lock: IO[str]) -> None:
    """One run; while it lasts, the lock file says for whom."""
    lock.truncate(0)  # of a holder that was killed
    lock.write(_identity(loop))
    lock.flush()
    try:
        loop.run()
    finally:
        lock.truncate(0)
