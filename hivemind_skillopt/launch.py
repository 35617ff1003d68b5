"""Start the detached worker: the one way. `os` and `sys` only, because the recorder imports this."""

import os
import sys

WORKER_MAIN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "worker", "__main__.py")
GUARD = "HIVEMIND_SKILLOPT_WORKER"
GUARD_ARGUMENT = "--worker"
"""The guard stands on argv as well: a project's own environment files could remove the variable."""

DEVNULL_FOR_ALL = (
    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
    (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
)
"""Every harness waits until the hook's pipes are closed, in every process that holds them."""


def start_worker(state_dir: str, python: str = sys.executable) -> int:
    """Start a worker in a session of its own and return its pid. A worker that finds another one running ends.

    `python`: of the environment that this package lies in; a bridge inside a harness runs in another one.
    """
    argv = [python, "-I", WORKER_MAIN, GUARD_ARGUMENT, state_dir]
    environ = {**os.environ, GUARD: "1"}
    try:
        return os.posix_spawn(python, argv, environ, file_actions=DEVNULL_FOR_ALL, setsid=True)
    except NotImplementedError:  # a libc without POSIX_SPAWN_SETSID: a process group of its own is the next best
        return os.posix_spawn(python, argv, environ, file_actions=DEVNULL_FOR_ALL, setpgroup=0)
