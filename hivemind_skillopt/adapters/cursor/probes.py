"""What Cursor writes to our hooks, for `doctor`: the shape of documented payloads, nobody's words."""

from __future__ import annotations

import json
from collections.abc import Mapping

from hivemind_skillopt.harness import HookProbe

CONVERSATION = "d0c70000-0000-4000-8000-000000000001"
COMMON = {
    "conversation_id": CONVERSATION, "model": "default", "cursor_version": "0", "workspace_roots": ["/nonexistent"],
    "user_email": None, "transcript_path": None,
}  # fmt: skip

ACKNOWLEDGED = "ok, thanks"
"""Counts as a reaction and costs no model call."""


def hook_probes(commands: Mapping[str, str], skill: str) -> list[HookProbe]:
    """In the order of a session: it starts, a skill is read, the user answers and types it.

    A prompt that names the skill is recorded whatever was before, so that each hook is tried by itself.
    """
    call = {"tool_name": "Read", "tool_input": {"file_path": f"~/.cursor/skills/{skill}/SKILL.md"}}
    fields: dict[str, dict[str, object]] = {
        "sessionStart": {"generation_id": "doctor-1", "session_id": CONVERSATION, "is_background_agent": False},
        "preToolUse": {"generation_id": "doctor-1", "tool_use_id": "tool_doctor", "cwd": "/nonexistent", **call},
        "beforeSubmitPrompt": {"generation_id": "doctor-2", "prompt": f"/{skill} {ACKNOWLEDGED}", "attachments": []},
    }
    return [
        HookProbe(event, commands.get(event, ""), _payload(event, own), event != "preToolUse")
        for event, own in fields.items()
    ]


def _payload(event: str, own: Mapping[str, object]) -> bytes:
    return json.dumps({**COMMON, "hook_event_name": event, **own}, separators=(",", ":")).encode() + b"\n"
