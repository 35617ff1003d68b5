"""Our CLI as a new process, in a fresh home without any harness."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

SKILL = "---\nname: deploy\ndescription: Deploy the service.\n---\n\n# Deploy\n\n1. Build.\n2. Deploy.\n"


@dataclass
class Cli:
    """One person's terminal."""

    home: Path
    environ: dict[str, str] = field(default_factory=dict)

    def run(
        self, *arguments: str, code: int = 0, stdin: str = "", python: str = sys.executable
    ) -> subprocess.CompletedProcess[str]:
        """The exit code is checked; no run ever shows a traceback."""
        base = {"PATH": os.environ["PATH"], "HOME": str(self.home), "HIVEMIND_USER": "alice", "COLUMNS": "80"}
        done = subprocess.run(
            [python, "-m", "hivemind_skillopt", *arguments],
            cwd=self.home, env={**base, **self.environ}, input=stdin, capture_output=True, encoding="utf-8",
            timeout=60, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", code=code).stdout)

    def fails(self, *arguments: str, code: int = 1) -> str:
        """The one line that a person reads."""
        lines = self.run(*arguments, code=code).stderr.strip().splitlines()
        assert code == 2 or len(lines) == 1, lines
        return lines[-1]

    def skill(self, name: str = "deploy", text: str = SKILL) -> str:
        """Write an author's own folder; its path."""
        folder = self.home / "src" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "SKILL.md").write_text(text)
        return str(folder)

    @property
    def settings(self) -> Path:
        return self.home / ".claude" / "settings.json"

    @property
    def pulled(self) -> Path:
        return self.home / ".claude" / "skills" / "deploy--alice"


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    (tmp_path / "home" / ".claude").mkdir(parents=True)
    return Cli(tmp_path / "home")
