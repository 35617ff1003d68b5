"""Ask a harness's own program something: `doctor` about its hooks, `install --trust` to trust them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

from hivemind_skillopt.errors import HarnessError
from hivemind_skillopt.harness import Completed, HarnessAdapter
from hivemind_skillopt.settings import WORKER_GUARD, Settings

PROGRAM_SECONDS = 60.0
"""Far more than it takes; a machine may be busy."""


@dataclass(frozen=True, slots=True)
class HarnessProgram:
    """Implements `ports.RunProgram`: with the user's environment, for this home, nowhere in particular."""

    settings: Settings
    adapter: HarnessAdapter
    home: Path

    def __call__(self, arguments: Sequence[str], stdin: str, until: str = "") -> Completed:
        """See `ports.RunProgram`."""
        name = self.adapter.cli().program
        program = shutil.which(name, path=self.settings.environ.get("PATH"))
        if program is None:
            raise HarnessError(f"`{name}` is not on the PATH")
        environ = {**self.settings.environ, WORKER_GUARD: "1"}
        if self.adapter.home_variable:
            environ[self.adapter.home_variable] = str(self.home)
        try:
            return _run([program, *arguments], environ, stdin, until)
        except OSError as error:
            raise HarnessError(f"`{name}` cannot be asked: {type(error).__name__}") from error


def _run(argv: Sequence[str], environ: dict[str, str], stdin: str, until: str) -> Completed:
    with tempfile.TemporaryDirectory(prefix="hivemind-skillopt-ask-") as folder, tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            argv, env=environ, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said,
            encoding="utf-8", errors="replace", start_new_session=True,
        )  # fmt: skip
        with process, _at_most(process):
            output = "".join(_converse(process, stdin, until))
            process.wait()
        said.seek(0)
        return Completed(process.returncode, output, said.read().decode(errors="replace"))


def _converse(process: subprocess.Popen[str], stdin: str, until: str) -> Iterator[str]:
    """A program may drop what it has not answered when its input ends."""
    if process.stdin is None or process.stdout is None:
        return
    with suppress(BrokenPipeError):
        process.stdin.write(stdin)
        process.stdin.flush()
    for line in process.stdout if until else ():
        yield line
        if until in line:
            break
    with suppress(BrokenPipeError):
        process.stdin.close()
    yield from process.stdout


@contextmanager
def _at_most(process: subprocess.Popen[str]) -> Iterator[None]:
    """Its whole group ends with the time: a wrapper's child would keep our pipes open."""

    def kill() -> None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    timer = Timer(PROGRAM_SECONDS, kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
