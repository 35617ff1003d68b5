"""Be the one worker of a state directory; a start that finds one running is picked up by it."""

from __future__ import annotations

import time

import portalocker

from hivemind_skillopt.settings import Settings
from hivemind_skillopt.state.inbox import Inbox
from hivemind_skillopt.worker.compose import build_loop

PATIENCE_SECONDS = 180.0
PAUSE_SECONDS = 0.5

HOMES = frozenset({"HOME", "CLAUDE_CONFIG_DIR"})
"""What decides where a harness's own folder is."""


def run_worker(settings: Settings) -> bool:
    """Work until nothing is left; False when another worker holds the lock.

    One that works for another store or harness home leaves our items alone, so for that one we wait a while.
    After the lock is given back the inbox is looked at once more: a file that came in between started a
    worker which found the lock taken and ended.
    """
    worked, patience = False, PATIENCE_SECONDS / PAUSE_SECONDS
    inbox = Inbox(settings.paths.inbox, settings.paths.set_aside)
    waiting: set[str] = set()
    while not worked or set(inbox.names()) - waiting:
        try:
            with _lock(settings) as file:
                file.truncate(0)
                file.write(_identity(settings))
                file.flush()
                waiting = _run_once(settings)
        except portalocker.AlreadyLocked:
            if worked or patience <= 0 or settings.paths.lock.read_text() == _identity(settings):
                return worked
            patience -= 1
            time.sleep(PAUSE_SECONDS)
        else:
            worked = True
    return worked


def _identity(settings: Settings) -> str:
    """Whose items a worker takes in: written into the lock file by the one that holds it."""
    homes = sorted(value for name, value in settings.environ.items() if name in HOMES)
    return "\n".join((settings.store_id, *homes))


def _lock(settings: Settings) -> portalocker.Lock:
    settings.paths.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING
    return portalocker.Lock(settings.paths.lock, mode="a", timeout=0, fail_when_locked=True, flags=flags)


def _run_once(settings: Settings) -> set[str]:
    """One run of the loop; the inbox files that are not ours."""
    loop = build_loop(settings)
    try:
        loop.run()
    except Exception as error:
        loop.machine.log.write("worker_failed", why=type(error).__name__)
        raise
    return loop.intake.waiting
