"""Of many starts at once one is enough: it has yet to look into the inbox, so it sees what the others came for.

Light: a superfluous start ends before it has imported a database.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import portalocker

from hivemind_skillopt.settings import Settings
from hivemind_skillopt.state.worker_lock import worker_lock

HOMES = ("HOME", "_HOME", "_DIR")
"""How the variables end that move a harness's home."""


@contextmanager
def starting(settings: Settings) -> Iterator[portalocker.Lock | None]:
    """The lock of the one that starts, to be released before its first look, at who runs too; None: another has it."""
    settings.paths.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = worker_lock(settings.paths.starting_lock(_whose(settings)))
    try:
        lock.acquire()
    except portalocker.AlreadyLocked:
        yield None
        return
    try:
        yield lock
    finally:
        lock.release()


def _whose(settings: Settings) -> str:
    """For which store and which homes; a worker of others leaves our items alone."""
    homes = sorted(f"{name}={value}" for name, value in settings.environ.items() if name.endswith(HOMES))
    return "\n".join((settings.store_id, *homes))
