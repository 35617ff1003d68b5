"""Many processes that run the real command line at the same moment: `python -m tests.store.pushers`.

Each line of stdin is a list of [environment, arguments]; the answer is a list of [exit code, stdout, stderr]. Every
process is a fork of this one, and waits for the same end of a pipe before it begins.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
import traceback
from dataclasses import dataclass
from pathlib import Path

from hivemind_skillopt.cli.main import VERBS, main

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ended:
    """One process of the command line, when it had ended."""

    code: int
    stdout: str
    stderr: str


class Pushers:
    """A context manager; each call is one race."""

    def __enter__(self) -> Pushers:
        argv, pipe = [sys.executable, "-m", "tests.store.pushers"], subprocess.PIPE
        self._process = subprocess.Popen(argv, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        return self

    def __exit__(self, *_: object) -> None:
        with self._process:
            self._process.stdin.close()

    def race(self, calls: list[tuple[dict[str, str], list[str]]]) -> list[Ended]:
        print(json.dumps(calls), file=self._process.stdin, flush=True)
        return [Ended(*one) for one in json.loads(self._process.stdout.readline())]


def run(environ: dict[str, str], arguments: list[str]) -> int:
    """As the program does it; its exit code."""
    os.environ.clear()
    os.environ.update(environ)
    try:
        main.main(arguments, prog_name="hivemind-skillopt")
    except SystemExit as ended:
        return int(ended.code or 0)
    except BaseException:
        traceback.print_exc()
    return 1


def fork(environ: dict[str, str], arguments: list[str], gun: tuple[int, int], said: Path) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        for number, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(f"{said}.{name}", os.O_WRONLY | os.O_CREAT, 0o600), number)
        os.close(gun[1])
        os.read(gun[0], 1)  # its other end is closed: all begin
        code = run(environ, arguments)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def race(calls: list[tuple[dict[str, str], list[str]]], folder: Path) -> list[tuple[int, str, str]]:
    gun = os.pipe()
    files = [folder / str(number) for number in range(len(calls))]
    pids = [fork(*call, gun, said) for call, said in zip(calls, files, strict=True)]
    for end in gun:
        os.close(end)
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
    read = [[Path(f"{said}.{name}").read_text() for name in ("out", "err")] for said in files]
    return [(code, out, err) for code, (out, err) in zip(codes, read, strict=True)]


def warm_up(folder: Path) -> None:
    """What is made at the first use is made before the forks: one push into a store of its own."""
    for module in VERBS.values():
        importlib.import_module(f"hivemind_skillopt.cli.{module}")
    importlib.import_module("sqlalchemy.dialects.postgresql.psycopg")
    skill = folder / "warm"
    skill.mkdir()
    (skill / "SKILL.md").write_text("---\nname: warm\ndescription: d\n---\n\nb\n")
    environ = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "HIVEMIND_SKILLOPT_STATE_DIR": str(folder / "state")}
    said = sys.stdout
    with open(os.devnull, "w") as sys.stdout:
        assert run({**environ, "HIVEMIND_USER": "warm"}, ["push", str(skill)]) == 0
    sys.stdout = said


def serve() -> None:
    with tempfile.TemporaryDirectory() as folder:
        warm_up(Path(folder))
    for line in sys.stdin:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(race(json.loads(line), Path(folder))), flush=True)


if __name__ == "__main__":
    serve()
