"""One person's machine with Tiny Harness: its home is moved by its own variable, our CLI runs where its adapter is."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hivemind_skillopt.state.log import read_log
from tests.cli.conftest import Cli
from tests.harness.world import PROPOSAL, SKILL, VERDICT

PACKAGE = Path(__file__).parent
PROGRAM = PACKAGE / "tinyharness_data" / "program.py"

FOREIGN = '{\r\n\t"colour": "blue",\r\n\t"hooks": [ {"run": "true",  "on": "prompt"} ]\r\n}'
"""Somebody's own file, written by hand."""


@dataclass
class Machine(Cli):
    """`python` has the adapter's package."""

    python: str = sys.executable

    def __post_init__(self) -> None:
        self.tiny_home.mkdir(parents=True)
        self.hooks_file.write_bytes(FOREIGN.encode())
        self.answer(judge={"text": VERDICT}, proposer={"text": PROPOSAL})
        program = self.home / "bin" / "tinyharness"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, "-I", str(PROGRAM)])} "$@"\n')
        program.chmod(0o755)
        self.environ["PATH"] = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
        self.environ["TINYHARNESS_HOME"] = str(self.tiny_home)

    @property
    def tiny_home(self) -> Path:
        return self.home / "moved" / "tiny"

    @property
    def hooks_file(self) -> Path:
        return self.tiny_home / "hooks.json"

    def answer(self, **rules: dict[str, Any]) -> None:
        """What its model says from now on, by the role."""
        told = {f"hivemind-skillopt/{role} prompt": rule for role, rule in rules.items()}
        (self.tiny_home / "answers.json").write_text(json.dumps(told))

    def run(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Our CLI in the environment that has the adapter."""
        return super().run(*arguments, python=self.python, **options)

    def work(self) -> None:
        """Until the worker, ours or one that a hook started, has nothing left."""
        self.run("worker", "run")

    def prompt(self, *arguments: str) -> str:
        """One turn in the harness; the session's id. A hook that is not silent would be on standard error."""
        env = {"HOME": str(self.home), "HIVEMIND_USER": "alice", **self.environ}
        done = subprocess.run(
            ["tinyharness", *arguments],
            env=env,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.strip()

    def set_up(self, *harnesses: str) -> None:
        """Install, push deploy--alice and pull it."""
        self.run("install", "--yes", *(word for name in harnesses for word in ("--harness", name)))
        self.run("push", self.skill("deploy", SKILL.format(name="deploy", title="Deploy")))
        self.run("pull")

    def log(self, what: str) -> list[dict[str, Any]]:
        return [
            entry for entry in read_log(self.home / ".local/state/hivemind-skillopt/log.jsonl") if entry["what"] == what
        ]
