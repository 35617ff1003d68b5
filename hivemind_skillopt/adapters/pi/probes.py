"""Runs the installed extension as pi does, for `doctor`: `node` loads the very file and hands it one event."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path

from hivemind_skillopt.harness import HookProbe

SESSION = "00000000-0000-7000-8000-00000000d0c7"

ACKNOWLEDGED = "ok, thanks"
"""Counts as a reaction and costs no model call."""

LOADER = """\
const fs = require("node:fs");
const { name, event, ctx } = JSON.parse(fs.readFileSync(0, "utf8"));
const sessionManager = { getSessionId: () => ctx.session, getSessionFile: () => undefined };
const handlers = {};
import("data:text/javascript;base64," + fs.readFileSync(process.argv[1]).toString("base64"))
  .then((module) => module.default({ on: (name, handler) => { handlers[name] = handler; } }))
  .then(() => handlers[name]?.(event, { cwd: ctx.cwd, sessionManager }));
"""
"""A module that needs nothing but node loads from a URL of its text, whatever its file is called."""


def hook_probes(file: Path, skill: str) -> list[HookProbe]:
    """In the order of a session: it starts, a file is read, the skill is typed, then the user answers.

    The file that is read lies nowhere, so it is recorded and arms nothing.
    """
    call = {"toolName": "read", "toolCallId": "call_doctor", "input": {"path": f"/nonexistent/{skill}/SKILL.md"}}
    return [
        _probe(file, "session_start", {"reason": "startup"}, starts_worker=True),
        _probe(file, "tool_call", call, starts_worker=False),
        _probe(file, "input", {"text": f"/skill:{skill}", "source": "interactive"}, starts_worker=True),
        _probe(file, "input", {"text": ACKNOWLEDGED, "source": "interactive"}, starts_worker=True),
    ]


def _probe(file: Path, name: str, event: Mapping[str, object], *, starts_worker: bool) -> HookProbe:
    given = {"name": name, "event": {"type": name, **event}, "ctx": {"cwd": "/nonexistent", "session": SESSION}}
    command = shlex.join(["node", "-e", LOADER, str(file)])
    return HookProbe(name, command, json.dumps(given).encode(), starts_worker)
