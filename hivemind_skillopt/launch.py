"""Start the detached worker: the one way. `os` and `sys` only, because the recorder imports this."""

import os
import sys

WORKER_MAIN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "worker", "__main__.py")
GUARD = "HIVEMIND_SKILLOPT_WORKER"
PERSON = "person"
GUARD_ARGUMENT = "--worker"
"""The guard stands on argv as well: a project's own environment files could remove the variable."""

DEVNULL_FOR_ALL = (
    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
    (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
)
"""Every harness waits until the hook's pipes are closed, in every process that holds them."""


STARTS_A_MINUTE = 60
"""Ten busy sessions ask for 20. Whatever goes round in circles, it starts no more; what waits is taken up later."""

MINUTE = 60_000_000_000
"""ns."""


def start_for_event(state_dir: str, python: str = sys.executable) -> int:
    """`start_worker` for what a hook recorded; 0 where too many were started in this minute."""
    return start_worker(state_dir, python) if may_start(state_dir) else 0


def may_start(state_dir: str) -> bool:
    """Count one start. The file holds the minute and a dot for each; two at the turn of a minute may miscount."""
    descriptor = os.open(state_dir + "/worker-starts", os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        os.utime(descriptor)  # the file's clock is ours: no time module here
        minute = b"%d " % (os.fstat(descriptor).st_mtime_ns // MINUTE)
        counted = os.read(descriptor, len(minute) + STARTS_A_MINUTE)
        if not counted.startswith(minute):
            os.ftruncate(descriptor, 0)
            os.write(descriptor, minute + b".")
        elif len(counted) < len(minute) + STARTS_A_MINUTE:
            os.write(descriptor, b".")
        else:
            return False
    finally:
        os.close(descriptor)
    return True


def start_worker(state_dir: str, python: str = sys.executable, who: str = "hook") -> int:
    """Start a worker in a session of its own and return its pid. A worker that finds another one running ends.

    `python`: of the environment that this package lies in; a bridge inside a harness runs in another one. `who`: PERSON
    for one that somebody waits for.
    """
    argv = [python, "-I", WORKER_MAIN, GUARD_ARGUMENT, state_dir]
    environ = {**os.environ, GUARD: who}
    try:
        return os.posix_spawn(python, argv, environ, file_actions=DEVNULL_FOR_ALL, setsid=True)
    except NotImplementedError:  # a libc without POSIX_SPAWN_SETSID: a process group of its own is the next best
        return os.posix_spawn(python, argv, environ, file_actions=DEVNULL_FOR_ALL, setpgroup=0)
