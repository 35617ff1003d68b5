"""The recorder as a real process, as the launcher starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import hivemind_skillopt
from hivemind_skillopt.cli.harness_file import START_RECORDER

PACKAGE_PARENT = str(Path(hivemind_skillopt.__file__).parent.parent)
SESSION = "a6825501-5afc-410d-927d-9b76ade46456"


def payload(event: str, session: str = SESSION, **fields: object) -> bytes:
    """What Claude Code sends, as far as we read it."""
    return json.dumps({"session_id": session, "hook_event_name": event, **fields}, separators=(",", ":")).encode()


def use(tool: str = "t1", session: str = SESSION, **fields: object) -> bytes:
    """The model calls the skill deploy--alice."""
    call = {"tool_name": "Skill", "tool_input": {"skill": "deploy--alice"}, "tool_use_id": tool, "prompt_id": "p1"}
    return payload("PreToolUse", session, **call, **fields)


def argv_of(state: Path, event: str) -> list[str]:
    """The process that a harness's hook command ends in."""
    told = [PACKAGE_PARENT, str(state), "claude_code", event, "CLAUDE_CONFIG_DIR"]
    return [sys.executable, "-I", "-S", "-c", START_RECORDER, *told]


def hook(
    state: Path, event: str, data: bytes, environ: dict[str, str] | None = None, user: int | None = None
) -> subprocess.CompletedProcess[bytes]:
    """To its end. `user`: with this user's rights."""
    env = {"HOME": str(state.parent), "PATH": os.defpath} if environ is None else environ
    return subprocess.run(
        argv_of(state, event), input=data, capture_output=True, env=env, timeout=60, check=False, user=user
    )


def silent(done: subprocess.CompletedProcess[bytes]) -> bool:
    """All that a harness may ever see of a hook."""
    return (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
