"""One pull at a time on a machine: two would take each other's half-made links for broken ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import portalocker

from hivemind_skillopt.errors import StateUnavailable
from hivemind_skillopt.state.worker_lock import worker_lock

PATIENCE_SECONDS = 60.0
"""How long another pull is waited for."""


@contextmanager
def pull_alone(lock_file: Path) -> Iterator[None]:
    """No other pull, unpull or pin meanwhile. Raises StateUnavailable."""
    lock = worker_lock(lock_file, PATIENCE_SECONDS)
    try:
        lock.acquire()
    except portalocker.LockException:
        raise StateUnavailable("another pull is running on this machine; try again in a minute") from None
    try:
        yield
    finally:
        lock.release()
