"""The real pi for tests: two pinned versions, from npm, in a fresh home, against a fake model on loopback."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.harness.npm_program import NpmProgram
from tests.harness.tmux import Terminal

NODE = NpmProgram("node", "node", "22.23.3", "node", "node", "v22.23.3")
OLD, NEW = "0.74.2", "0.87.1"
"""The newest that runs on node 20, and one that needs node 22."""

PI = {
    version: NpmProgram("pi", "@earendil-works/pi-coding-agent", version, "pi", "pi", version, node)
    for version, node in ((OLD, None), (NEW, NODE))
}
RUN_TIMEOUT = 120.0
READY = r"fake-model"  # the TUI's footer
QUIET = {"PI_OFFLINE": "1", "PI_TELEMETRY": "0", "PI_SKIP_VERSION_CHECK": "1"}
SETTINGS = {
    "defaultProvider": "lab",
    "defaultModel": "fake-model",
    "enableInstallTelemetry": False,
    "quietStartup": True,
}


@dataclass(frozen=True)
class Pi:
    """One person's pi: a home, a project and the model that it talks to."""

    version: str
    home: Path
    project: Path
    model_url: str
    extra_env: Mapping[str, str] = field(default_factory=dict)

    @property
    def binary(self) -> Path:
        found = PI[self.version].find()
        assert found is not None
        return found

    @property
    def folder(self) -> Path:
        """pi's own."""
        return Path(self.extra_env.get("PI_CODING_AGENT_DIR", self.home / ".pi" / "agent"))

    @property
    def extension(self) -> Path:
        """Ours, once it is installed."""
        return self.folder / "extensions" / "hivemind-skillopt.ts"

    def write_config(self) -> None:
        """The fake model as the default."""
        self.folder.mkdir(parents=True, exist_ok=True)
        lab = {
            "baseUrl": f"{self.model_url}/v1", "api": "openai-completions", "apiKey": "fake-key",
            "models": [{"id": "fake-model"}, {"id": "other-model"}],
        }  # fmt: skip
        (self.folder / "models.json").write_text(json.dumps({"providers": {"lab": lab}}))
        (self.folder / "settings.json").write_text(json.dumps(SETTINGS))

    def env(self) -> dict[str, str]:
        """Nothing of the developer's own environment but PATH. `pi` is on it, as the scorer needs it."""
        path = f"{self.binary.parent}{os.pathsep}{PI[self.version].path()}"
        return {"PATH": path, "HOME": str(self.home), "LANG": "C.UTF-8", **QUIET, **self.extra_env}

    def run(self, *args: str, stdin: str = "", timeout: float = RUN_TIMEOUT) -> subprocess.CompletedProcess[str]:
        """The CLI with any arguments, in the project."""
        return subprocess.run(
            [str(self.binary), *args],
            input=stdin,
            cwd=self.project,
            env=self.env(),
            capture_output=True,
            encoding="utf-8",
            timeout=timeout,
            check=False,
        )

    def prompt(self, text: str, *extra: str) -> subprocess.CompletedProcess[str]:
        """One human turn without a terminal."""
        return self.run("-p", *extra, text)

    def go_on(self, text: str) -> subprocess.CompletedProcess[str]:
        """The next turn of the newest session."""
        return self.prompt(text, "--continue")

    def tui(self, *args: str) -> Terminal:
        """The interactive CLI."""
        return Terminal([str(self.binary), *args], self.env(), self.project, ready=READY)

    def session_files(self) -> list[Path]:
        """All sessions on disk, the oldest first; a name begins with the time."""
        return sorted(self.folder.glob("sessions/*/*.jsonl"), key=lambda path: path.name)

    def sessions(self) -> list[str]:
        """Their ids."""
        return [path.stem.rpartition("_")[2] for path in self.session_files()]

    def entries(self, session: str) -> list[dict[str, Any]]:
        """The session's own record."""
        (path,) = self.folder.glob(f"sessions/*/*_{session}.jsonl")
        return [json.loads(line) for line in path.read_text().split("\n")[:-1]]


def read_skill(skills: Path) -> Any:
    """How its model uses a skill: there is no tool for it, it reads the file."""
    return lambda name: ("read", {"path": f"{skills}/{name}/SKILL.md"})


def run_shell(command: str) -> tuple[str, dict[str, Any]]:
    """How its model runs a shell command."""
    return "bash", {"command": command}


def missing(versions: Sequence[str] = (OLD, NEW)) -> str:
    """Why they cannot run here; empty when they can."""
    return next((PI[version].missing() for version in versions if PI[version].find() is None), "")
