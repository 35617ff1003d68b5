"""A harness's own CLI as the scorer: safest mode, empty folder, allow-listed environment, and it really ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from hivemind_skillopt.errors import ScorerFailed
from hivemind_skillopt.harness import AgentCli, Command, Completed
from hivemind_skillopt.ports import Answer, CallRecords, Question
from hivemind_skillopt.settings import WORKER_GUARD

TIMEOUT_SECONDS = 120
"""For one call (DESIGN 7); the CLI's own retries end inside it."""

COMMON = (
    "HOME", "PATH", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "USER", "LOGNAME", "SHELL",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS",
)  # fmt: skip
COMMON_PREFIXES = ("XDG_",)


class AgentCliScorer:
    """Runs the CLI that an adapter describes."""

    def __init__(
        self, cli: AgentCli, environ: Mapping[str, str], calls: CallRecords, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        self.name = cli.name
        self._cli = cli
        self._environ = environ
        self._calls = calls
        self._timeout = timeout_seconds

    def ask(self, question: Question) -> Answer:
        """One run. Raises ScorerFailed."""
        command = self._cli.command(question)
        program = shutil.which(command.argv[0], path=self._environ.get("PATH"))
        if program is None:
            raise ScorerFailed(f"`{command.argv[0]}` is not on the PATH")
        with self._calls.folder() as folder:
            for name, text in command.files:
                (folder / name).write_text(text, encoding="utf-8")
            return self._cli.answer(self._run(program, command, folder))

    def _run(self, program: str, command: Command, folder: Path) -> Completed:
        try:
            process = subprocess.Popen(
                [program, *command.argv[1:]],
                cwd=folder,
                env=self._allowed(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
        except OSError as error:
            raise ScorerFailed(f"`{command.argv[0]}` cannot be started: {error.strerror}") from error
        return self._wait(process, command, folder)

    def _wait(self, process: subprocess.Popen[str], command: Command, folder: Path) -> Completed:
        threading.Thread(target=_kill_rest, args=(process,), daemon=True).start()
        try:
            self._calls.started(folder, process.pid)
            stdout, stderr = process.communicate(command.stdin, timeout=self._timeout)
        except subprocess.TimeoutExpired:
            raise ScorerFailed(f"`{command.argv[0]}` did not answer within {self._timeout:g} s") from None
        finally:
            _end_group(process)
        return Completed(process.returncode, stdout, stderr)

    def _allowed(self, command: Command) -> dict[str, str]:
        """What the child may see: the common names, the harness's own, and our guard."""
        names = {*COMMON, *command.environ}
        allowed = {k: v for k, v in self._environ.items() if k in names or k.startswith(COMMON_PREFIXES)}
        return {**allowed, **dict(command.extra_environ), WORKER_GUARD: "1"}


def _kill_rest(process: subprocess.Popen[str]) -> None:
    """When the CLI has ended, kill what it left behind: it would hold the pipes open, and the answer is in them."""
    process.wait()
    _kill_group(process)


def _kill_group(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _end_group(process: subprocess.Popen[str]) -> None:
    """Kill whatever is left of the process group. The pipes are not waited for: a child outside may hold them."""
    _kill_group(process)
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
