"""The real Claude Code CLI for tests: pinned, from npm, in a fresh home, against a fake model on loopback."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

CLAUDE_CODE_VERSION = "2.1.197"
API_KEY = "sk-test-fake"
GRANTS = "--allowedTools=Skill,Bash"  # nobody is there to say yes; one word, or it would swallow the prompt
READY = "(?m)^\\s*[>\u276f]"  # the TUI's input line
RUN_TIMEOUT = 120.0
INSTALL_TIMEOUT = 600.0
TOOLS = Path(__file__).resolve().parents[2] / ".tools"


@dataclass(frozen=True)
class Installation:
    binary: Path | None
    problem: str = ""


def find_claude() -> Path | None:
    """The pinned CLI, installed on its first use in a checkout; None if it cannot be had (see `missing_claude`)."""
    return _installation().binary


def missing_claude() -> str:
    """Why `find_claude` returned None, for the message of a skip."""
    return f"Claude Code {CLAUDE_CODE_VERSION}: {_installation().problem or 'is there'}"


def missing_tmux() -> str:
    """Why a `TuiSession` cannot run here; empty when it can."""
    return "" if shutil.which("tmux") else "the TUI is driven by tmux, which is not installed"


@cache
def _installation() -> Installation:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        return Installation(None, "npm and node are needed to install it")
    prefix = TOOLS / f"claude-code-{CLAUDE_CODE_VERSION}"
    binary = prefix / "node_modules" / ".bin" / "claude"
    with _lock(TOOLS / f"{prefix.name}.lock"):
        problem = _wrong_version(binary) and (_npm_install(npm, prefix) or _wrong_version(binary))
    return Installation(None, problem) if problem else Installation(binary)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Only one of the parallel pytest workers installs; the others wait. The kernel frees the lock of a killed one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _wrong_version(binary: Path) -> str:
    """Empty when the program runs and is the pinned version: a half-finished install is found out here."""
    if not binary.exists():
        return f"{binary} is missing"
    with tempfile.TemporaryDirectory() as home:
        said = _said_version(binary, {"HOME": home, "PATH": os.environ.get("PATH", os.defpath)})
    return "" if said.startswith(CLAUDE_CODE_VERSION) else f"{binary} --version said {said!r}"


def _npm_install(npm: str, prefix: Path) -> str:
    """Empty when npm succeeded, else the end of what it said."""
    prefix.mkdir(parents=True, exist_ok=True)
    package = f"@anthropic-ai/claude-code@{CLAUDE_CODE_VERSION}"
    argv = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(prefix), package]
    try:
        run = subprocess.run(argv, cwd=prefix, capture_output=True, text=True, timeout=INSTALL_TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"npm install failed: {error}"
    return "" if run.returncode == 0 else f"npm install failed: {run.stderr.strip()[-400:]}"


def _said_version(binary: Path, env: Mapping[str, str]) -> str:
    argv = [str(binary), "--version"]
    try:
        return subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60, check=False).stdout.strip()
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)


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

    def sessions(self) -> list[str]:
        """The ids of all sessions on disk, the oldest first."""
        found = self.config.glob("projects/*/*.jsonl")
        return [path.stem for path in sorted(found, key=lambda path: path.stat().st_mtime_ns)]


class TuiSession:
    """The interactive CLI in a tmux of its own, for what `-p` does not do.

    with TuiSession(claude) as tui:
        tui.type("please deploy")
        tui.wait_for("Done.")
    """

    def __init__(self, claude: ClaudeCode, args: Sequence[str] = (), *, width: int = 160, height: int = 50) -> None:
        self.claude = claude
        self.args = tuple(args)
        self.size = (width, height)
        self._folder = Path(tempfile.mkdtemp(prefix="tui-"))  # short: a socket's path may have 107 bytes

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def start(self) -> None:
        """Start and wait for the input line. tmux runs the CLI itself, without a shell or its start-up files."""
        _answer_dialogs(self.claude)
        width, height = map(str, self.size)
        window = ["-s", "tui", "-x", width, "-y", height, "-c", str(self.claude.project)]
        env = {**self.claude.env(), "TERM": "xterm-256color"}
        command = [*(f"{name}={value}" for name, value in env.items()), str(self.claude.binary), GRANTS, *self.args]
        self._tmux("-f", os.devnull, "new-session", "-d", *window, "env", "-i", *command)
        try:
            self.wait_for(READY)
        except AssertionError:
            self.close()
            raise

    def type(self, text: str, *, enter: bool = True) -> None:
        """Type as a person does. Enter comes apart: in one burst the TUI takes it for a pasted line break."""
        self._tmux("send-keys", "-t", "tui", "-l", text)
        if enter:
            self.wait_for(re.escape(text[-20:].strip()))
            time.sleep(0.2)
            self.press("Enter")

    def press(self, *keys: str) -> None:
        """Keys by their tmux names: Escape, C-c, Up."""
        self._tmux("send-keys", "-t", "tui", *keys)

    def capture(self) -> str:
        """What the screen shows, with what has scrolled away; empty when the CLI has ended."""
        return self._tmux("capture-pane", "-t", "tui", "-p", "-S", "-", check=False)

    def wait_for(self, pattern: str, timeout: float = 30.0) -> str:
        """The screen, as soon as the pattern is found on it."""
        deadline = time.monotonic() + timeout
        while True:
            screen = self.capture()
            if re.search(pattern, screen):
                return screen
            if time.monotonic() > deadline:
                raise AssertionError(f"{pattern!r} did not come up in {timeout} s. The screen:\n{screen}")
            time.sleep(0.1)

    def close(self) -> None:
        """Close the terminal, as a person who closes the window; harmless when the CLI has ended by itself."""
        self._tmux("kill-server", check=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _tmux(self, *args: str, check: bool = True) -> str:
        argv = ["tmux", "-S", str(self._folder / "s"), *args]
        return subprocess.run(argv, capture_output=True, text=True, timeout=20, check=check).stdout


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
