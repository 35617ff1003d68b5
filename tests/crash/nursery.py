"""Processes that kill themselves with SIGKILL at their n-th step. A step is whatever changes something that lasts.

A nursery is one process that has imported everything; each life is a fork of it, so it is a real process, really
killed, for the price of milliseconds. What lasts changes only at a step, so dying before each step in turn is dying at
every instant that makes a difference.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self

ROOT = str(Path(__file__).parent.parent.parent)
FILE_STEPS = ("unlink", "rename", "replace", "symlink", "link", "mkdir", "rmdir", "truncate")
RECORDER_STEPS = (*FILE_STEPS, "open", "read", "write", "fstat", "close")


@dataclass(frozen=True)
class Life:
    """How it ended: `killed`, or `steps` that it took to its end."""

    killed: bool
    steps: int


class Nursery:
    """Asks for lives, one after the other."""

    def __enter__(self) -> Self:
        argv = [sys.executable, "-m", "tests.crash.nursery"]
        self._process = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._process:
            self._process.stdin.close()

    def worker(self, state: Path, environ: Mapping[str, str], die_at: int = 0) -> Life:
        """One worker; `die_at` 0: it may live."""
        return self._live("worker", [str(state)], environ, die_at)

    def recorder(self, state: Path, event: str, payload: Path, environ: Mapping[str, str], die_at: int = 0) -> Life:
        """One recorder with the file `payload` as its stdin. Starting a worker is a step, but starts none."""
        return self._live("recorder", [str(state), event, str(payload)], environ, die_at)

    def _live(self, kind: str, argv: list[str], environ: Mapping[str, str], die_at: int) -> Life:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([kind, argv, dict(environ), die_at]), file=self._process.stdin, flush=True)
        code, steps = json.loads(self._process.stdout.readline())
        assert code in (0, -signal.SIGKILL), f"the {kind} ended with {code}"
        return Life(code != 0, steps)


class Steps:
    """Counts in all threads, and kills the whole process before the step that was chosen."""

    def __init__(self, die_at: int) -> None:
        self._die_at, self._lock, self.taken = die_at, Lock(), 0

    def before(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **named: Any) -> Any:
            self.take()
            return function(*arguments, **named)

        return step

    def take(self) -> None:
        with self._lock:
            self.taken += 1
            if self.taken == self._die_at:
                os.kill(os.getpid(), signal.SIGKILL)

    def patch_files(self, names: tuple[str, ...]) -> None:
        for name in names:
            setattr(os, name, self.before(getattr(os, name)))

    def patch_commits(self) -> None:
        """Those that change something; SQLAlchemy commits after reading, too."""
        from sqlalchemy.engine.default import DefaultDialect

        real, changes = DefaultDialect.do_commit, dict[int, int]()

        def do_commit(dialect: DefaultDialect, connection: Any) -> None:
            total = connection.total_changes
            if changes.get(id(connection.driver_connection), 0) != total:
                changes[id(connection.driver_connection)] = total
                self.take()
            real(dialect, connection)

        DefaultDialect.do_commit = do_commit


def live_as_worker(argv: list[str], steps: Steps) -> int:
    from hivemind_skillopt.worker.__main__ import main

    steps.patch_commits()
    steps.patch_files(FILE_STEPS)
    return main(["worker", "--worker", *argv], dict(os.environ))


def live_as_recorder(argv: list[str], steps: Steps) -> int:
    from hivemind_skillopt import launch, recorder

    state, event, payload = argv
    os.dup2(os.open(payload, os.O_RDONLY), 0)
    launch.start_worker = steps.before(lambda _state: 0)
    recorder.open = steps.before(open)
    steps.patch_files(RECORDER_STEPS)
    recorder.main(["recorder", state, "claude_code", event])
    return 0


LIVES = {"worker": live_as_worker, "recorder": live_as_recorder}


def live(kind: str, argv: list[str], environ: dict[str, str], die_at: int, report: int) -> int:
    """In the child."""
    os.environ.clear()
    os.environ.update(environ)
    steps = Steps(die_at)
    code = LIVES[kind](argv, steps)
    taken = str(steps.taken).encode()
    os.writev(report, [taken])
    return code


def main() -> None:
    """A life for each line of stdin; its exit code and number of steps as a line of stdout."""
    import hivemind_skillopt.recorder
    import hivemind_skillopt.worker.run  # noqa: F401  everything is imported before the first fork

    for line in sys.stdin:
        kind, argv, environ, die_at = json.loads(line)
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            code = 70
            try:
                code = live(kind, argv, environ, die_at, writer)
            except Exception as error:
                print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            finally:
                os._exit(code)
        os.close(writer)
        _, status = os.waitpid(pid, 0)
        print(json.dumps([os.waitstatus_to_exitcode(status), int(os.read(reader, 20) or 0)]), flush=True)
        os.close(reader)


if __name__ == "__main__":
    main()
