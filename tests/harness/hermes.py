"""The real Hermes for tests: pinned, from PyPI in a venv of its own, in a fresh home, with a fake model on loopback."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tests.harness.claude_code import RUN_TIMEOUT
from tests.harness.npm_program import INSTALL_TIMEOUT, TOOLS, Installation, _lock
from tests.harness.tmux import Terminal

HERMES_VERSION = "0.19.0"
MODEL = "fake-model"
API_KEY = "sk-test-fake"
CONFIG = """\
# my settings: do not touch
model:
  default: {model}   # the loopback one
  provider: "custom:fake"
custom_providers:
  - {{name: fake, base_url: "{url}/v1", api_key: {key}, model: {model}}}
security:
  tirith_enabled: false
"""
"""As a person would write it: comments, both styles, no plugin and no skill folder yet."""

READY = "(?m)^\\s*\u276f"  # the input line
SESSION = re.compile(r"session_id: (\S+)")


def find_hermes() -> Path | None:
    """The pinned CLI, installed on its first use in a checkout; None if it cannot be had (see `missing_hermes`)."""
    return _installation().binary


def missing_hermes() -> str:
    """Why `find_hermes` returned None, for the message of a skip."""
    return f"Hermes {HERMES_VERSION}: {_installation().problem or 'is there'}"


@cache
def _installation() -> Installation:
    venv = TOOLS / f"hermes-agent-{HERMES_VERSION}"
    binary = venv / "bin" / "hermes"
    with _lock(TOOLS / f"{venv.name}.lock"):
        problem = _wrong_version(binary) and (_pip_install(venv) or _wrong_version(binary))
    return Installation(None, problem) if problem else Installation(binary)


def _wrong_version(binary: Path) -> str:
    """Empty when the program is the pinned version: a half-finished install is found out here."""
    if not binary.exists():
        return f"{binary} is missing"
    said = _said([str(binary.with_name("python")), "-m", "pip", "show", "hermes-agent"])
    return "" if f"Version: {HERMES_VERSION}\n" in said else f"{binary.parent.parent} holds another version"


def _pip_install(venv: Path) -> str:
    """Empty when it succeeded, else the end of what pip said. An environment that is there is made anew."""
    shutil.rmtree(venv, ignore_errors=True)
    made = _said([sys.executable, "-m", "venv", str(venv)])
    python = venv / "bin" / "python"
    if not python.exists():
        return f"no virtual environment: {made[-400:]}"
    said = _said([str(python), "-m", "pip", "install", "-q", f"hermes-agent=={HERMES_VERSION}"])
    return "" if (venv / "bin" / "hermes").exists() else f"pip install failed: {said[-400:]}"


def _said(argv: Sequence[str]) -> str:
    try:
        run = subprocess.run(argv, capture_output=True, text=True, timeout=INSTALL_TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return run.stdout + run.stderr


@dataclass(frozen=True)
class Result:
    """What one `hermes chat -Q -q` came back with."""

    session_id: str
    text: str
    returncode: int
    stderr: str


@dataclass(frozen=True)
class Hermes:
    """One person's Hermes: a home, a project and the model that it talks to."""

    binary: Path
    home: Path
    project: Path
    model_url: str
    extra_env: Mapping[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return Path(self.extra_env.get("HERMES_HOME", self.home / ".hermes"))

    def env(self) -> dict[str, str]:
        """Nothing of the developer's own environment but PATH: no key, no proxy, no session that runs the tests."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "HERMES_SKIP_UPDATE_CHECK": "1",
            **self.extra_env,
        }

    def set_up(self) -> None:
        """A configuration as a person has one, and no reason to look for updates."""
        self.config.mkdir(parents=True, exist_ok=True)
        (self.config / "config.yaml").write_text(CONFIG.format(model=MODEL, url=self.model_url, key=API_KEY))
        checked = {"ts": time.time(), "behind": 0, "rev": None, "ver": HERMES_VERSION}
        (self.config / ".update_check").write_text(json.dumps(checked))

    def run(self, args: Sequence[str], *, timeout: float = RUN_TIMEOUT) -> subprocess.CompletedProcess[str]:
        """The CLI with any arguments, in the project."""
        return subprocess.run(
            [str(self.binary), *args],
            stdin=subprocess.DEVNULL,
            cwd=self.project,
            env=self.env(),
            capture_output=True,
            encoding="utf-8",
            timeout=timeout,
            check=False,
        )

    def prompt(self, text: str, *, resume: str | None = None, extra: Sequence[str] = ()) -> Result:
        """One human turn without a terminal."""
        run = self.run(["chat", "-Q", "-q", text, *(["--resume", resume] if resume else []), *extra])
        found = SESSION.search(run.stderr)
        return Result(found[1] if found else "", run.stdout.strip(), run.returncode, run.stderr)

    def terminal(self) -> Terminal:
        """The interactive CLI."""
        return Terminal([str(self.binary)], self.env(), self.project, ready=READY)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What its own database says."""
        with closing(sqlite3.connect(f"file:{self.config / 'state.db'}?mode=ro", uri=True)) as connection:
            return connection.execute(query).fetchall()

    def sessions(self) -> list[str]:
        """The ids of the sessions that `hermes -c` could resume, the oldest first."""
        return [str(row[0]) for row in self.rows("select id from sessions where source = 'cli' order by started_at")]
