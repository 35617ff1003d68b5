"""One person's machine for a test: a fresh home, the real Claude Code, a fake model, and our CLI."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hivemind_skillopt import launch
from hivemind_skillopt.state.log import read_log
from tests.harness.claude_code import ClaudeCode

SKILL = """---
name: {name}
description: {name} the service. Use when the user asks for {name}.
---

# {title}

1. Build the service.
2. Deploy it to production.
3. Tell the user that it is live.
"""

PUSHBACK = "no, that is wrong: always ask which environment first, you deployed to production"
QUOTE = "always ask which environment first"

VERDICT: dict[str, object] = {
    "outcome": "skill_fault",
    "confidence": 0.92,
    "reason": "Step 2 deploys to production without asking.",
    "quote": QUOTE,
}

NEW_LINE = "2. Always ask the user which environment first, then deploy it there."

PROPOSAL: dict[str, object] = {
    "root_cause": "the skill never asks for the environment",
    "generality": "every deployment",
    "expected": {"signal": "no more complaints", "horizon": "20 uses", "fallback": "roll back"},
    "edits": [{"op": "replace", "target": "2. Deploy it to production.", "content": NEW_LINE}],
    "no_change_reason": None,
}

PATIENCE = 60.0

ALL_IN_ONE = """
import json, sys
from hivemind_skillopt.cli.main import main
for command in json.loads(sys.argv[1]):
    if main(command, prog_name="hivemind-skillopt", standalone_mode=False):
        sys.exit(f"{command} failed")
"""

SPIED = (
    "SessionStart", "SessionEnd", "UserPromptSubmit", "UserPromptExpansion", "PreToolUse", "PostToolUse", "Stop",
    "SubagentStart", "SubagentStop", "PostCompact",
)  # fmt: skip
"""The events that show what the program did, and did not, tell."""


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Until it is true; an assertion that names it when that takes too long."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.05)


def verdict(outcome: str) -> dict[str, object]:
    """A judge's answer with that outcome."""
    quote = QUOTE if outcome == "skill_fault" else None
    return {**VERDICT, "outcome": outcome, "quote": quote}


@dataclass
class World:
    """Paths are the platform's defaults inside `home`."""

    root: Path
    binary: Path
    model_url: str
    extra_env: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.home.mkdir()
        (self.home / ".claude").mkdir()
        self.project.mkdir()

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def project(self) -> Path:
        return self.root / "shop"

    @property
    def state(self) -> Path:
        return self.home / ".local" / "state" / "hivemind-skillopt"

    @property
    def claude(self) -> ClaudeCode:
        """As it is now: `extra_env` may change between prompts. `claude` is on the PATH, as the scorer needs it."""
        path = f"{self.binary.parent}{os.pathsep}{os.environ['PATH']}"
        environ = {"PATH": path, "HIVEMIND_USER": "alice", **self.extra_env}
        return ClaudeCode(self.binary, self.home, self.project, self.model_url, environ)

    @property
    def environ(self) -> dict[str, str]:
        """Of everything that runs on this machine."""
        return self.claude.env()

    @property
    def skills(self) -> Path:
        """Where the harness finds pulled skills."""
        return self.home / ".claude" / "skills"

    def run(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Our CLI, as a new process."""
        argv = [sys.executable, "-m", "hivemind_skillopt", *arguments]
        done = subprocess.run(
            argv,
            cwd=self.project,
            env=self.environ,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        assert done.returncode == code, f"{arguments} ended with {done.returncode}: {done.stdout}{done.stderr}"
        return done

    def run_all(self, *commands: Sequence[str]) -> None:
        """Our CLI's commands one after the other in one process, for what only prepares a test."""
        argv = [sys.executable, "-c", ALL_IN_ONE, json.dumps(commands)]
        done = subprocess.run(
            argv, cwd=self.project, env=self.environ, capture_output=True, encoding="utf-8", timeout=120, check=False
        )
        assert done.returncode == 0, f"{commands} ended with {done.returncode}: {done.stdout}{done.stderr}"

    def json(self, *arguments: str) -> Any:
        """Our CLI's answer with `--json`."""
        return json.loads(self.run(*arguments, "--json").stdout)

    def write_skill(self, name: str = "deploy") -> Path:
        """The author's own folder."""
        folder = self.root / "skills" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "SKILL.md").write_text(SKILL.format(name=name, title=name.title()))
        return folder

    def set_up(self, *names: str) -> None:
        """Install, and pull the named skills of alice."""
        pushes = [("push", str(self.write_skill(name))) for name in names]
        self.run_all(("install", "--yes"), *pushes, ("pull",))

    def change_settings(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Edit the harness's settings.json as a person would."""
        path = self.claude.config / "settings.json"
        settings = json.loads(path.read_text()) if path.exists() else {}
        change(settings)
        path.write_text(json.dumps(settings, indent=2))

    def spy(self) -> None:
        """A foreign hook beside ours for each event, that writes down what the program said."""
        entry = {"hooks": [{"type": "command", "command": f"cat >> {shlex.quote(str(self._spied))}"}]}

        def add(settings: dict[str, Any]) -> None:
            for event in SPIED:
                settings.setdefault("hooks", {}).setdefault(event, []).append(entry)

        self.change_settings(add)

    def told(self, event: str) -> list[dict[str, Any]]:
        """The payloads of that event so far, in order."""
        text = self._spied.read_text() if self._spied.exists() else ""
        payloads = [json.loads(line) for line in text.split("\n")[:-1]]
        return [payload for payload in payloads if payload["hook_event_name"] == event]

    def wait_for(self, event: str, count: int = 1) -> dict[str, Any]:
        """The payload of the `count`-th event of that kind."""
        wait_until(lambda: len(self.told(event)) >= count, f"{event} number {count}")
        return self.told(event)[count - 1]

    @property
    def _spied(self) -> Path:
        return self.root / "spied.jsonl"

    def installed_text(self, ref: str = "deploy--alice") -> str:
        """SKILL.md as the harness reads it."""
        return (self.skills / ref / "SKILL.md").read_text()

    def inbox(self) -> list[str]:
        """Inbox files, temporary ones too."""
        folder = self.state / "inbox"
        return sorted(os.listdir(folder)) if folder.exists() else []

    def workers(self) -> list[int]:
        """Running workers of this home."""
        needle = str(self.state).encode()
        return [int(process.name) for process in Path("/proc").glob("[0-9]*") if _works_for(process, needle)]

    def wake(self) -> dict[str, Any]:
        """Let a worker run, as the next session would: the use of a skill alone waits for it. The status then."""
        argv = [sys.executable, "-I", launch.WORKER_MAIN, launch.GUARD_ARGUMENT, str(self.state)]
        subprocess.run(argv, env={**self.environ, launch.GUARD: "1"}, timeout=120, check=True)
        return self.settle()

    def settle_after_use(self) -> dict[str, Any]:
        """The session's start has had its worker. A use that came after that one had ended waits for the next."""
        wait_until(lambda: self.log("attributed"), "the worker of the session's start")
        return self.wake()

    def settle(self) -> dict[str, Any]:
        """Wait until the detached worker has ended with nothing left; the status then."""
        deadline = time.monotonic() + PATIENCE
        while True:
            while self.workers() and time.monotonic() < deadline:
                time.sleep(0.02)  # asking our CLI meanwhile would only keep the worker from its work
            status = self.json("status")
            left = [status["inbox"], status["jobs"], status["outbox"]]
            if not any(left) and not self.workers():
                return status  # type: ignore[no-any-return]
            assert time.monotonic() < deadline, f"did not settle: {status}\n{self.run('log').stdout}"
            time.sleep(0.02)

    def log(self, what: str = "") -> list[dict[str, Any]]:
        """The machine's log, where it is now."""
        state = Path(self.environ.get("HIVEMIND_SKILLOPT_STATE_DIR", self.state))
        return [entry for entry in read_log(state / "log.jsonl") if entry["what"] == what or not what]


def _works_for(process: Path, needle: bytes) -> bool:
    try:
        argv = (process / "cmdline").read_bytes()
    except OSError:  # it has just ended
        return False
    return needle in argv and b"worker" in argv
