"""Our pi extension, loaded by node as `install` renders it and fed with pi's events: what it writes and starts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hivemind_skillopt.adapters.pi import install
from hivemind_skillopt.events import InboxItem
from hivemind_skillopt.state.inbox import Inbox, InboxUnreadable
from tests.crash.rights import as_owner_only
from tests.harness.requirements import require

Json = dict[str, Any]
SESSION = "01a1fbcd-079e-74f5-acb4-4e3a475febfc"
SKILL_FILE = "/home/dev/.pi/agent/skills/deploy--alice/SKILL.md"

RUNNER = """\
const fs = require("node:fs");
const { loads, events, commands, clock } = JSON.parse(fs.readFileSync(0, "utf8"));
const load = (file) => import("data:text/javascript;base64," + fs.readFileSync(file).toString("base64") + "#" + file);
const fail = () => { throw new Error("stale"); };
if (clock) fs.fstatSync = () => ({ mtimeNs: BigInt(clock) });
(async () => {
  const handlers = [], answers = [];
  const getCommands = commands === null ? fail : () => commands;
  const start = async ({ file, session }) => {
    const on = (name, handler) => handlers.push({ name, handler, session });
    answers.push((await load(file)).default({ on, getCommands }));
  };
  for (const file of loads) await start(file);
  for (const { name, event, ctx, load, wait } of events) {
    if (load) await start(load);
    if (wait) await new Promise((resolve) => setTimeout(resolve, wait));
    const sessionManager = { getSessionId: ctx?.stale ? fail : () => ctx.session, getSessionFile: () => ctx.file };
    const given = ctx && { cwd: ctx.cwd, sessionManager };
    const theirs = handlers.filter((one) => one.name === name && (!one.session || one.session === ctx.session));
    for (const { handler } of theirs) answers.push(await handler(event, given));
  }
  if (answers.some((answer) => answer !== undefined)) throw new Error("an answer: " + JSON.stringify(answers));
})();
"""
"""Each of `loads` is a file and the session that it belongs to, none for all; an event may load one more
before it, or wait (ms)."""

WORKER = """\
import json, os, sys
with open(__file__ + ".log", "a") as log:
    log.write(json.dumps([sys.argv[1:], dict(os.environ)]) + "\\n")
"""


def event(name: str, /, session: str = SESSION, **fields: object) -> Json:
    """One call of a handler, in the usual context."""
    ctx = {"cwd": "/home/dev/project", "session": session, "file": "/home/dev/session.jsonl"}
    return {"name": name, "event": {"type": name, **fields}, "ctx": ctx}


def start(reason: str = "startup", session: str = SESSION) -> Json:
    return event("session_start", session, reason=reason)


def reading(path: str = SKILL_FILE, session: str = SESSION, **more: object) -> Json:
    return event("tool_call", session, toolName="read", toolCallId="call_1", input={"path": path, **more})


def typing(text: str, session: str = SESSION, source: str = "interactive") -> Json:
    return event("input", session, text=text, source=source)


def recorded(path: Path) -> Json:
    """A recorded event of the contract."""
    told = json.loads(path.read_text())
    ctx = told["ctx"]
    about = {
        "cwd": ctx["cwd"],
        "session": ctx["sessionManager.getSessionId()"],
        "file": ctx["sessionManager.getSessionFile()"],
    }
    return {"name": told["event"]["type"], "event": told["event"], "ctx": about}


@dataclass
class Bridge:
    """One installed extension. `commands`: what pi knows as commands; None: it refuses to say. `clock`: one that stands
    still, as a coarse one does for some ms."""

    root: Path
    refs: Sequence[str] = ("deploy--alice", "notes--bob")
    commands: Sequence[Json] | None = None
    loads: Sequence[Json] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    clock: str = ""

    def __post_init__(self) -> None:
        for folder in (self.state / "inbox", self.state / "sessions"):
            folder.mkdir(parents=True)
        (self.state / "org-skills").write_text("".join(f"{ref}\n" for ref in self.refs))
        (self.state / "generation").write_text("7\n")
        self.launcher.write_text("#!/bin/sh\n")
        self.launcher.chmod(0o700)
        self.worker.write_text(WORKER)
        text = install.with_hooks(self.file, None, self.launcher)
        (place,) = [line for line in text.splitlines() if line.startswith("const INSTALLED")]
        paths = json.loads(place.removeprefix("const INSTALLED = ").removesuffix(";"))
        self.render({**paths, "worker": str(self.worker)})

    def render(self, paths: Json) -> None:
        """With other paths than install wrote."""
        self.paths = paths
        text = install.with_hooks(self.file, None, self.launcher).splitlines(keepends=True)
        ours = [f"const INSTALLED = {json.dumps(paths)};\n" if "const INSTALLED" in line else line for line in text]
        self.file.write_text("".join(ours))

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def launcher(self) -> Path:
        return self.state / "launcher"

    @property
    def worker(self) -> Path:
        return self.root / "worker.py"

    @property
    def file(self) -> Path:
        return self.root / "hivemind-skillopt.ts"

    def feed(self, *events: Json) -> None:
        """Hand them over; the process must say nothing and end well."""
        node = shutil.which("node")
        if node is None:
            require("node, which runs pi, is not installed")
        loads = [*(self.loads or [{"file": str(self.file)}])]
        given = json.dumps({"loads": loads, "events": events, "commands": self.commands, "clock": self.clock})
        env = {"PATH": os.environ["PATH"], "HOME": "/home/dev", **self.environ}
        done = subprocess.run(
            [node, "-e", RUNNER], input=given, env=env, capture_output=True, text=True, timeout=60,
            preexec_fn=as_owner_only,
        )  # fmt: skip
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def items(self, *events: Json) -> list[InboxItem]:
        """What lies in the inbox when they were handed over."""
        self.feed(*events)
        return self.inbox()

    def inbox(self) -> list[InboxItem]:
        """In order."""
        inbox = Inbox(self.state / "inbox", self.root / "set-aside")
        found = [item for _, item in inbox.items(inbox.names())]
        assert not any(isinstance(item, InboxUnreadable) for item in found)
        return found

    def workers(self) -> list[tuple[list[str], dict[str, str]]]:
        """What was started: arguments and environment."""
        log = Path(f"{self.worker}.log")
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
