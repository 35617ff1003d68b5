"""The real Codex CLI for tests: pinned, from npm, in a fresh home, against a fake model on loopback."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.harness.model_policy import ToolCall
from tests.harness.npm_program import NpmProgram
from tests.harness.tmux import Terminal

CODEX_VERSION = "0.169.0"
CODEX = NpmProgram(
    title="Codex", package="@openai/codex", version=CODEX_VERSION, folder="codex", program="codex",
    said=f"codex-cli {CODEX_VERSION}",
)  # fmt: skip
FUNCTIONS = "gpt-5.5"
"""A model that calls functions; it runs a shell command by `exec_command`."""
CODE = "gpt-6.1-sol"
"""A model in code mode, as most: it has one tool, `exec`, that takes JavaScript."""
WITHOUT_ASKING = "--dangerously-bypass-approvals-and-sandbox"
"""Nobody is there to say yes, and a container may have no sandbox."""
READY = "permissions: YOLO mode"
"""In the TUI's headline, once it has loaded."""
RUN_TIMEOUT = 120.0

CONFIG = """\
# alice's own settings
model = "{model}"
model_provider = "fake"
check_for_update_on_startup = false

[model_providers.fake]
name = "fake"
base_url = "{url}/v1"
wire_api = "responses"
env_key = "FAKE_KEY"
requires_openai_auth = false
request_max_retries = 0
stream_max_retries = 0

[analytics]
enabled = false

[feedback]
enabled = false

[otel]
exporter = "none"

[projects."{project}"]
trust_level = "trusted"

[notice.model_migrations]
"gpt-5.5" = "gpt-6-sol"

[tui]
screen_reader_detection_done = true

[tui.model_availability_nux]
"gpt-6.1-sol" = 4
"""
"""Contract 9. The last three are what the TUI notes once it has shown its news, which would swallow the first keys."""


@dataclass(frozen=True)
class Result:
    """What one `codex exec` came back with; `session_id` is empty if it never began one."""

    session_id: str
    text: str
    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Codex:
    """One person's Codex: a home, a project and the model that it talks to."""

    binary: Path
    home: Path
    project: Path
    model_url: str
    model: str = FUNCTIONS
    extra_env: Mapping[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return Path(self.extra_env.get("CODEX_HOME", self.home / ".codex"))

    def write_config(self) -> None:
        self.config.mkdir(parents=True, exist_ok=True)
        text = CONFIG.format(model=self.model, url=self.model_url, project=self.project)
        (self.config / "config.toml").write_text(text)

    def env(self) -> dict[str, str]:
        """Nothing of the developer's own environment but PATH."""
        base = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(self.home), "LANG": "C.UTF-8"}
        return {**base, "FAKE_KEY": "sk-test-fake", **self.extra_env}

    def run(self, *args: str, timeout: float = RUN_TIMEOUT) -> subprocess.CompletedProcess[str]:
        """The CLI with any arguments, in the project. It would read an open standard input."""
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
        going_on = ["resume", resume] if resume else []
        run = self.run("exec", "--json", "--skip-git-repo-check", WITHOUT_ASKING, *extra, *going_on, text)
        events = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
        session = next((event["thread_id"] for event in events if event["type"] == "thread.started"), "")
        items = [event["item"] for event in events if event["type"] == "item.completed"]
        said = [item["text"] for item in items if item["type"] == "agent_message"]
        return Result(session, said[-1] if said else "", run.returncode, run.stdout, run.stderr)

    def ask(self, method: str, parameters: object) -> Any:
        """The answer of `codex app-server`. It drops what it has not answered when its input ends."""
        messages = [
            {"id": 0, "method": "initialize", "params": {"clientInfo": {"name": "tests", "version": "1"}}},
            {"method": "initialized"},
            {"id": 1, "method": method, "params": parameters},
        ]
        with subprocess.Popen(
            [str(self.binary), "app-server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env=self.env(), cwd=self.project, encoding="utf-8",
        ) as process:  # fmt: skip
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("".join(f"{json.dumps(message)}\n" for message in messages))
            process.stdin.flush()
            answers = (json.loads(line) for line in process.stdout)
            answer = next(answer for answer in answers if answer.get("id") == 1)
            process.stdin.close()
        return answer["result"]

    def sessions(self) -> list[str]:
        """The ids of all sessions on disk, the oldest first."""
        found = sorted(self.config.glob("sessions/**/rollout-*.jsonl"), key=lambda path: path.stat().st_mtime_ns)
        return [path.stem[-36:] for path in found]

    def rollout(self, session_id: str) -> list[dict[str, Any]]:
        """The session's own record."""
        (path,) = self.config.glob(f"sessions/**/rollout-*{session_id}.jsonl")
        return [json.loads(line) for line in path.read_text().split("\n")[:-1]]

    def tui(self, *, daemon: bool = False, ready: str = READY) -> Terminal:
        """The interactive CLI. Its daemon would stay behind."""
        command = [str(self.binary), WITHOUT_ASKING, *([] if daemon else ["--no-daemon"])]
        return Terminal(command, self.env(), self.project, ready=ready)


def read_skill(skills: Path, model: str) -> Any:
    """How the model of that kind uses a skill: there is no tool for it, it reads the file."""
    return lambda name: run_shell(model)(f"cat {shlex.quote(f'{skills}/{name}/SKILL.md')}")


def run_shell(model: str) -> Any:
    """How the model of that kind runs a shell command."""

    def call(command: str) -> ToolCall:
        if model == FUNCTIONS:
            return "exec_command", {"cmd": command}
        script = f"const r = await tools.exec_command({json.dumps({'cmd': command})});\ntext(r.output);"
        return "exec", {"input": script}

    return call
