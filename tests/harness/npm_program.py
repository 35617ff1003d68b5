"""A harness's program from npm, pinned, installed on its first use in a checkout."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

INSTALL_TIMEOUT = 600.0
TOOLS = Path(__file__).resolve().parents[2] / ".tools"


@dataclass(frozen=True)
class Installation:
    binary: Path | None
    problem: str = ""


@dataclass(frozen=True)
class NpmProgram:
    """`said`: what `--version` has to begin with. `node`: the one that runs it, where the machine's may be too old."""

    title: str
    package: str
    version: str
    folder: str
    program: str
    said: str
    node: NpmProgram | None = None

    def path(self) -> str:
        """PATH with the node that runs it."""
        own = os.environ.get("PATH", os.defpath)
        node = self.node and self.node.find()
        return f"{node.parent}{os.pathsep}{own}" if node else own

    def find(self) -> Path | None:
        """The program; None if it cannot be had (see `missing`)."""
        return _installation(self).binary

    def missing(self) -> str:
        """Why `find` returned None, for the message of a skip."""
        return f"{self.title} {self.version}: {_installation(self).problem or 'is there'}"


@cache
def _installation(wanted: NpmProgram) -> Installation:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        return Installation(None, "npm and node are needed to install it")
    prefix = TOOLS / f"{wanted.folder}-{wanted.version}"
    binary = prefix / "node_modules" / ".bin" / wanted.program
    with _lock(TOOLS / f"{prefix.name}.lock"):
        problem = _wrong_version(wanted, binary) and (
            _npm_install(npm, wanted, prefix) or _wrong_version(wanted, binary)
        )
    return Installation(None, problem) if problem else Installation(binary)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Only one of the parallel pytest workers installs; the others wait. The kernel frees the lock of a killed one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _wrong_version(wanted: NpmProgram, binary: Path) -> str:
    """Empty when the program runs and is the pinned version: a half-finished install is found out here."""
    if not binary.exists():
        return f"{binary} is missing"
    with tempfile.TemporaryDirectory() as home:
        said = _said_version(binary, {"HOME": home, "PATH": wanted.path()})
    return "" if said.startswith(wanted.said) else f"{binary} --version said {said!r}"


def _npm_install(npm: str, wanted: NpmProgram, prefix: Path) -> str:
    """Empty when npm succeeded, else the end of what it said."""
    prefix.mkdir(parents=True, exist_ok=True)
    argv = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(prefix), f"{wanted.package}@{wanted.version}"]
    try:
        run = subprocess.run(argv, cwd=prefix, capture_output=True, text=True, timeout=INSTALL_TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"npm install failed: {error}"
    return "" if run.returncode == 0 else f"npm install failed: {run.stderr.strip()[-400:]}"


def _said_version(binary: Path, env: Mapping[str, str]) -> str:
    argv = [str(binary), "--version"]
    try:
        run = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60, check=False)
        return run.stdout.strip() or run.stderr.strip()
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
