"""The real Claude Code CLI for tests: pinned, from npm, in a fresh home, against a fake model on loopback."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.harness.npm_program import NpmProgram
from tests.harness.tmux import Terminal, missing_tmux

__all__ = ["ClaudeCode", "Result", "TuiSession", "find_claude", "missing_claude", "missing_tmux"]

CLAUDE_CODE_VERSION = "2.1.197"
API_KEY = "sk-test-fake"
GRANTS = "--allowedTools=Skill,Bash"  # nobody is there to say yes; one word, or it would swallow the prompt
READY = "(?m)^\\s*[>\u276f]"  # the TUI's input line
RUN_TIMEOUT = 120.0
PROGRAM = NpmProgram(
    title="Claude Code", package="@anthropic-ai/claude-code", version=CLAUDE_CODE_VERSION, folder="claude-code",
    program="claude", said=CLAUDE_CODE_VERSION,
)  # fmt: skip


def find_claude() -> Path | None:
    """The pinned CLI, installed on its first use in a checkout; None if it cannot be had (see `missing_claude`)."""
    return PROGRAM.find()


def missing_claude() -> str:
    """Why `find_claude` returned None, for the message of a skip."""
    return PROGRAM.missing()


@dataclass(frozen=True)
class Result:
    """What one `claude -p` came back with; the first two are empty if stdout is not the JSON that was asked for."""

    session_id: str
    text: str
    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class ClaudeCode:
    """One person's Claude Code: a home, a project and the model that it talks to."""

    binary: Path
    home: Path
    project: Path
    model_url: str
    extra_env: Mapping[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return Path(self.extra_env.get("CLAUDE_CONFIG_DIR", self.home / ".claude"))

    def env(self) -> dict[str, str]:
        """Nothing of the developer's own environment but PATH: no key, no proxy, no session that runs the tests."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "ANTHROPIC_BASE_URL": self.model_url,
            "ANTHROPIC_API_KEY": API_KEY,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "CLAUDE_CODE_MAX_RETRIES": "1",
            "DISABLE_TELEMETRY": "1",
            "DISABLE_AUTOUPDATER": "1",
            "DISABLE_ERROR_REPORTING": "1",
            **self.extra_env,
        }

    def run(
        self, args: Sequence[str], *, stdin: str = "", timeout: float = RUN_TIMEOUT
    ) -> subprocess.CompletedProcess[str]:
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

    def prompt(self, text: str, *, resume: str | None = None, extra: Sequence[str] = ()) -> Result:
        """One human turn without a terminal."""
        args = ["-p", text, "--output-format", "json", GRANTS]
        run = self.run([*args, *(["--resume", resume] if resume else []), *extra])
        answer = _json_object(run.stdout)
        session_id, said = str(answer.get("session_id", "")), str(answer.get("result", ""))
        return Result(session_id, said, run.returncode, run.stdout, run.stderr)

    def transcript(self, session_id: str) -> Path:
        """The session's own record. It has to exist: a session that never got a prompt has none."""
        (path,) = self.config.glob(f"projects/*/{session_id}.jsonl")
        return path

    def keeps(self, session_id: str, text: str) -> bool:
        """Whether the text is in the record: the TUI writes it after Stop; killed before that, it leaves no session."""
        records = self.config.glob(f"projects/*/{session_id}.jsonl")
        return any(text in path.read_text("utf-8") for path in records)

    def sessions(self) -> list[str]:
        """The ids of all sessions on disk, the oldest first."""
        found = self.config.glob("projects/*/*.jsonl")
        return [path.stem for path in sorted(found, key=lambda path: path.stat().st_mtime_ns)]


class TuiSession(Terminal):
    """The interactive CLI, for what `-p` does not do."""

    def __init__(self, claude: ClaudeCode, args: Sequence[str] = ()) -> None:
        super().__init__([str(claude.binary), GRANTS, *args], claude.env(), claude.project, ready=READY)
        self.claude = claude

    def start(self) -> None:
        """Start and wait for the input line."""
        _answer_dialogs(self.claude)
        super().start()


def _answer_dialogs(claude: ClaudeCode) -> None:
    """Answer the first run's questions (theme, key, trust) on disk, where they would wait for a person."""
    path = claude.config / ".claude.json" if "CLAUDE_CONFIG_DIR" in claude.extra_env else claude.home / ".claude.json"
    known = _json_object(path.read_text("utf-8")) if path.exists() else {}
    projects = known.get("projects", {})
    trusted = {**projects.get(str(claude.project), {}), "hasTrustDialogAccepted": True}
    answers = {
        "hasCompletedOnboarding": True,
        "theme": "dark",
        "customApiKeyResponses": {"approved": [API_KEY[-20:]], "rejected": []},
        "projects": {**projects, str(claude.project): trusted},
    }
    path.write_text(json.dumps({**known, **answers}), "utf-8")


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
