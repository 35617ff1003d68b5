"""Processes that are killed with SIGKILL: before their n-th step, before their n-th SQL statement, or after a time.

A nursery is one process that has imported everything; each life is a fork of it, so it is a real process, really
killed, for the price of milliseconds. A step is whatever changes something that lasts: what lasts changes only there,
so dying before each step in turn is dying at every instant that makes a difference.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self

ROOT = str(Path(__file__).parent.parent.parent)
FILE_STEPS = ("unlink", "rename", "replace", "symlink", "link", "mkdir", "rmdir", "truncate")
FOLDER_STEPS = (*FILE_STEPS, "chmod")
"""A version folder is written file by file, and each gets its mode."""

RECORDER_STEPS = (*FILE_STEPS, "open", "read", "write", "fstat", "close")


@dataclass(frozen=True)
class Instant:
    """When to die: before `step` n, before `statement` n, or after `time` n (microseconds); `never` lives."""

    kind: str = "never"
    at: int = 0

    def __str__(self) -> str:
        return f"{self.kind} {self.at}"


@dataclass(frozen=True)
class Life:
    """How it ended: `killed`, or the `steps`, SQL `statements` and microseconds of `time` that it took to its end."""

    killed: bool
    steps: int
    statements: int = 0
    time: int = 0


class Nursery:
    """Asks for lives, one after the other."""

    def __enter__(self) -> Self:
        argv = [sys.executable, "-m", "tests.crash.nursery"]
        self._process = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._process:
            self._process.stdin.close()

    def worker(self, state: Path, environ: Mapping[str, str], die_at: int | Instant = 0) -> Life:
        """One worker; `die_at` a step, 0: it may live."""
        return self.live("worker", [str(state)], environ, die_at)

    def recorder(self, state: Path, event: str, payload: Path, environ: Mapping[str, str], die_at: int = 0) -> Life:
        """One recorder with the file `payload` as its stdin. Starting a worker is a step, but starts none."""
        return self.live("recorder", [str(state), event, str(payload)], environ, die_at)

    def live(self, kind: str, argv: list[str], environ: Mapping[str, str], die_at: int | Instant) -> Life:
        """One life of a kind of LIVES."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        instant = Instant("step", die_at) if isinstance(die_at, int) else die_at
        order = [kind, argv, dict(environ), instant.kind, instant.at]
        print(json.dumps(order), file=self._process.stdin, flush=True)
        code, *took = json.loads(self._process.stdout.readline())
        assert code in (0, -signal.SIGKILL), f"the {kind} ended with {code}"
        return Life(code != 0, *took)


class Steps:
    """Counts in all threads, and kills the whole process before the step that was chosen."""

    def __init__(self, instant: Instant) -> None:
        self._instant, self._lock = instant, Lock()
        self.taken = {"step": 0, "statement": 0}

    def before(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **named: Any) -> Any:
            self.take()
            return function(*arguments, **named)

        return step

    def take(self, kind: str = "step") -> None:
        with self._lock:
            self.taken[kind] += 1
            if kind == self._instant.kind and self.taken[kind] == self._instant.at:
                os.kill(os.getpid(), signal.SIGKILL)

    def patch_files(self, names: tuple[str, ...]) -> None:
        for name in names:
            setattr(os, name, self.before(getattr(os, name)))

    def patch_database(self) -> None:
        """Commits that change something (SQLAlchemy commits after reading, too), and all statements."""
        from sqlalchemy.engine.default import DefaultDialect

        commit, execute, many = DefaultDialect.do_commit, DefaultDialect.do_execute, DefaultDialect.do_executemany
        wrote = has_written()

        def do_commit(dialect: DefaultDialect, connection: Any) -> None:
            if wrote(connection):
                self.take()
            commit(dialect, connection)

        def do_execute(dialect: DefaultDialect, *arguments: Any) -> None:
            self.take("statement")
            execute(dialect, *arguments)

        def do_executemany(dialect: DefaultDialect, *arguments: Any) -> None:
            self.take("statement")
            many(dialect, *arguments)

        DefaultDialect.do_commit, DefaultDialect.do_execute = do_commit, do_execute
        DefaultDialect.do_executemany = do_executemany


def has_written() -> Callable[[Any], bool]:
    """Has the transaction of this connection changed anything? Both databases know."""
    changes: dict[int, int] = {}

    def wrote(connection: Any) -> bool:
        if not hasattr(connection, "total_changes"):
            found = connection.driver_connection.execute("SELECT pg_current_xact_id_if_assigned()").fetchone()
            return found[0] is not None
        before, now = changes.get(id(connection.driver_connection), 0), connection.total_changes
        changes[id(connection.driver_connection)] = now
        return bool(before != now)

    return wrote


def live_as_worker(argv: list[str], steps: Steps) -> int:
    from hivemind_skillopt.worker.__main__ import main

    steps.patch_database()
    steps.patch_files(FILE_STEPS)
    return main(["worker", "--worker", *argv], dict(os.environ))


def live_as_cli(argv: list[str], steps: Steps) -> int:
    """The command line: `argv` as a person types it."""
    from hivemind_skillopt.cli.main import main

    steps.patch_database()
    steps.patch_files(FOLDER_STEPS)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    try:
        main.main(argv, prog_name="hivemind-skillopt")
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def live_as_migration(argv: list[str], steps: Steps) -> int:
    """What `store migrate` does with the store of that URL."""
    from hivemind_skillopt.store.engine import open_store

    steps.patch_database()
    open_store(argv[0], "acme").migrate()
    return 0


def live_as_recorder(argv: list[str], steps: Steps) -> int:
    from hivemind_skillopt import launch, recorder

    state, event, payload = argv
    os.dup2(os.open(payload, os.O_RDONLY), 0)
    launch.start_worker = steps.before(lambda *_: 0)
    recorder.open = steps.before(open)
    steps.patch_files(RECORDER_STEPS)
    recorder.main(["recorder", state, "claude_code", event])
    return 0


LIVES = {
    "worker": live_as_worker, "recorder": live_as_recorder, "cli": live_as_cli, "migration": live_as_migration,
}  # fmt: skip


def live(kind: str, argv: list[str], environ: dict[str, str], instant: Instant, report: int) -> int:
    """In the child."""
    os.environ.clear()
    os.environ.update(environ)
    steps = Steps(instant)
    code = LIVES[kind](argv, steps)
    os.writev(report, [json.dumps(list(steps.taken.values())).encode()])
    return code


def wait(pid: int, instant: Instant) -> int:
    """Its exit code, and its death if its time has come."""
    until = time.monotonic() + instant.at / 1e6
    while instant.kind == "time" and time.monotonic() < until:
        time.sleep(min(0.002, max(0.0, until - time.monotonic())))
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
    if instant.kind == "time":
        os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main() -> None:
    """A life for each line of stdin; its exit code and number of steps as a line of stdout."""

    import hivemind_skillopt.cli.pull
    import hivemind_skillopt.recorder
    import hivemind_skillopt.worker.run  # noqa: F401  everything is imported before the first fork

    for line in sys.stdin:
        kind, argv, environ, *die_at = json.loads(line)
        instant = Instant(*die_at)
        reader, writer = os.pipe()
        began = time.monotonic_ns()
        pid = os.fork()
        if pid == 0:
            code = 70
            try:
                code = live(kind, argv, environ, instant, writer)
            except Exception as error:
                print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            finally:
                os._exit(code)
        os.close(writer)
        code = wait(pid, instant)
        took = json.loads(os.read(reader, 100) or "[0, 0]")
        print(json.dumps([code, *took, (time.monotonic_ns() - began) // 1000]), flush=True)
        os.close(reader)


if __name__ == "__main__":
    main()
