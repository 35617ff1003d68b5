"""What Claude Code writes to our hooks, for `doctor`: the shape of recorded payloads, nobody's words."""

from __future__ import annotations

import json
from collections.abc import Mapping

from hivemind_skillopt.harness import HookProbe

SESSION = "d0c70000-0000-4000-8000-000000000001"
COMMON = {"session_id": SESSION, "transcript_path": f"/nonexistent/{SESSION}.jsonl", "cwd": "/nonexistent"}

ACKNOWLEDGED = "ok, thanks"
"""Counts as a reaction and costs no model call."""


def hook_probes(commands: Mapping[str, str], skill: str) -> list[HookProbe]:
    """In the order of a session: it starts, a skill is used by the model, then typed, then the user answers."""
    call = {"tool_name": "Skill", "tool_input": {"skill": skill}, "tool_use_id": "toolu_doctor"}
    typed = {
        "expansion_type": "slash_command", "command_name": skill, "command_args": "", "command_source": "user",
        "prompt": f"/{skill}",
    }  # fmt: skip
    fields: dict[str, dict[str, object]] = {
        "SessionStart": {"source": "startup"},
        "PreToolUse": {"prompt_id": "doctor-1", **call},
        "UserPromptExpansion": {"prompt_id": "doctor-2", **typed},
        "UserPromptSubmit": {"prompt_id": "doctor-3", "prompt": ACKNOWLEDGED},
    }
    starts = ("SessionStart", "UserPromptSubmit")
    return [
        HookProbe(event, commands.get(event, ""), _payload(event, own), event in starts)
        for event, own in fields.items()
    ]


def _payload(event: str, own: Mapping[str, object]) -> bytes:
    """One line of JSON, as the program writes it."""
    return json.dumps({**COMMON, "hook_event_name": event, **own}, separators=(",", ":")).encode() + b"\n"
