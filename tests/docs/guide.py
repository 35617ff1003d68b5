"""The user guide's commands, run one after the other on one machine; so every output in it is real.

A fenced block that begins with `$ hivemind-skillopt` is run, command by command. `<!-- stage: NAME -->` before a block
makes something happen first. `python -m tests.docs.guide` writes today's output into the guide.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hivemind_skillopt.cli import demo_story as story
from hivemind_skillopt.cli.demo import Home

GUIDE = Path(__file__).parents[2] / "docs" / "user-guide.md"
SHOWN_HOME = "/home/dev"
PROMPT = "$ hivemind-skillopt "
BLOCK = re.compile(r"(?:<!-- stage: (?P<stage>[a-z-]+) -->\n\n)?```\n(?P<body>\$ .*?)```", re.S)

CHANGING = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "TIME"),
    (re.compile(r"\b\d+ (?:s|min|h|d) ago"), "AGO"),
    (re.compile(r"\bin \d+ (?:s|min)"), "SOON"),
    (re.compile(r"\b\d+\.\d\d s\b"), "SECONDS"),
    (re.compile(r"process \d+"), "PROCESS"),
    (re.compile(r"SQLite \d+\.\d+\.\d+"), "SQLITE"),
    (re.compile(r"python \d+\.\d+\.\d+"), "PYTHON"),
    (re.compile(r"[ \t]+"), " "),
    (re.compile(r"[─━]+"), "LINE"),
)
"""What differs from run to run; columns move with it, so white space is folded last."""


@dataclass(frozen=True, slots=True)
class Machine(Home):
    """Alice's, with the platform's own paths."""

    @property
    def environ(self) -> dict[str, str]:
        base = {
            "HOME": str(self.path),
            "PATH": f"{self.path}/bin:{os.defpath}",
            "LANG": "C.UTF-8",
            "COLUMNS": "80",
            "HIVEMIND_USER": "alice",
        }
        script = self.path / "script.json"
        scripted = {"HIVEMIND_SKILLOPT_SCORER": "scripted", "HIVEMIND_SKILLOPT_SCRIPT": str(script)}
        return base | (scripted if script.exists() else {})

    @property
    def state(self) -> Path:
        return self.path / ".local" / "state" / "hivemind-skillopt"

    def prepare(self) -> None:
        """Two skill folders, a harness home, and a program that only tells its version."""
        (self.path / "bin").mkdir()
        (self.path / "bin" / "claude").write_text("#!/bin/sh\necho '2.1.197 (Claude Code)'\n")
        (self.path / "bin" / "claude").chmod(0o755)
        (self.path / ".claude").mkdir()
        for name in ("deploy", "release"):
            (self.path / name).mkdir()
            (self.path / name / "SKILL.md").write_text(story.SKILL.replace("deploy\n", f"{name}\n", 1))
        for name, more in (("before", ""), ("after", "4. Run `curl https://x.io/done`.\n")):
            (self.path / name).mkdir()
            (self.path / name / "SKILL.md").write_text(story.SKILL + more)

    def script(self, script: dict[str, object]) -> None:
        """What the model says from now on."""
        (self.path / "script.json").write_text(json.dumps(script))

    def said(self, command: str) -> str:
        """What a person sees, both streams."""
        argv = [sys.executable, "-m", "hivemind_skillopt", *shlex.split(command)]
        done = subprocess.run(argv, env=self.environ, cwd=self.path, capture_output=True, text=True, timeout=120)
        text = (done.stdout + done.stderr).replace(str(self.path), SHOWN_HOME)
        return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def conflict(machine: Machine) -> None:
    """Bob is faster, with a version of his own."""
    skill_md = machine.path / "release" / "SKILL.md"
    ours = skill_md.read_text()
    skill_md.write_text(ours + "4. Thank everybody.\n")
    argv = [sys.executable, "-m", "hivemind_skillopt", "push", "release", "--author", "alice"]
    environ = {**machine.environ, "HIVEMIND_USER": "bob"}
    subprocess.run(argv, env=environ, cwd=machine.path, check=True, capture_output=True, timeout=120)
    skill_md.write_text(ours)


def session(machine: Machine) -> None:
    """The skill is used, the user pushes back, version 2 comes."""
    machine.script(story.SCRIPT)
    machine.work(machine.path / ".claude" / "skills" / story.REF)
    wait(lambda: settled(machine))


def failing_session(machine: Machine) -> None:
    """The same with a model that cannot be asked."""
    machine.script({"judge": [{"fails": "claude: Not logged in · Please run /login"}]})
    common = {"session_id": "a6825501-5afc-410d-927d-9b76ade46456", "cwd": str(machine.path / "shop")}
    transcript = machine.path / "transcripts" / "second.jsonl"
    transcript.write_text((machine.path / "transcripts" / f"{story.SESSION}.jsonl").read_text())
    common["transcript_path"] = str(transcript)
    call = {"tool_name": "Skill", "tool_input": {"skill": story.REF}, "tool_use_id": "toolu_demo"}
    machine.hook("PreToolUse", {**common, **call, "prompt_id": "prompt-1"})
    machine.hook("UserPromptSubmit", {**common, "prompt": "well, that is not what I meant", "prompt_id": "prompt-2"})
    wait(lambda: "job_failed" in (machine.state / "log.jsonl").read_text())


def logged_in(machine: Machine) -> None:
    """The model answers again. The worker that waited for the next try is gone by then."""
    machine.script({"judge": [{"answer": {**story.JUDGE_ANSWER, "outcome": "user_change", "quote": None}}]})


def edited(machine: Machine) -> None:
    """Somebody edits the pulled copy, and the author goes on from the same text."""
    copy = machine.path / ".claude" / "skills" / "release--alice" / "SKILL.md"
    text = copy.read_text()
    (machine.path / "release" / "SKILL.md").write_text(text.replace("that it is live", "that it is live, and where"))
    copy.write_text(text.replace("1. Build the service.", "1. Build the service, with its tests."))


STAGES: dict[str, Callable[[Machine], None]] = {
    "conflict": conflict,
    "edited": edited,
    "session": session,
    "failing-session": failing_session,
    "logged-in": logged_in,
}


def settled(machine: Machine) -> bool:
    """A worker ran to its end, and nothing is left."""
    status = machine.status()
    return bool(status["last_worker_run"]) and not (status["inbox"] or status["jobs"] or status["outbox"])


def wait(condition: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the guide's machine did not get there"
        time.sleep(0.1)


def render(text: str, machine: Machine) -> str:
    """The guide with today's output."""

    def one_block(found: re.Match[str]) -> str:
        if found["stage"]:
            STAGES[found["stage"]](machine)
        commands = [line for line in found["body"].splitlines() if line.startswith(PROMPT)]
        shown = "\n".join(f"{line}\n{machine.said(line.removeprefix(PROMPT))}" for line in commands)
        return found[0].replace(found["body"], shown)

    return BLOCK.sub(one_block, text)


def without_changing_parts(text: str) -> str:
    for pattern, word in CHANGING:
        text = pattern.sub(word, text)
    return text


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        on = Machine(Path(folder).resolve())
        on.prepare()
        GUIDE.write_text(render(GUIDE.read_text(), on))
