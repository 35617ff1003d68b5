"""The lock of the one worker of a state directory. The kernel frees the lock of a process that was killed."""

from __future__ import annotations

from pathlib import Path

import portalocker

FLAGS = portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING


def worker_lock(path: Path, patience_seconds: float = 0.0) -> portalocker.Lock:
    """To be used with `with`. Raises portalocker.LockException when it is still held after the patience.

    The folder is not made: a purge takes it away, and a worker that waits then ends.
    """
    return portalocker.Lock(
        path, mode="a", timeout=patience_seconds, fail_when_locked=not patience_seconds, flags=FLAGS
    )


def is_held(path: Path) -> bool:
    """Does a worker run? One that starts at this very moment tries again."""
    try:
        with worker_lock(path):
            return False
    except portalocker.LockException:
        return True
    except OSError:
        return False
