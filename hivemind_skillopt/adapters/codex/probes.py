"""What Codex writes to our hooks, for `doctor`: the shape of recorded payloads, nobody's words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from hivemind_skillopt.adapters.codex.install import groups
from hivemind_skillopt.harness import HookProbe

SESSION = "d0c70000-0000-7000-8000-000000000001"
COMMON = {
    "session_id": SESSION, "transcript_path": f"/nonexistent/rollout-{SESSION}.jsonl", "cwd": "/nonexistent",
    "model": "doctor", "permission_mode": "default",
}  # fmt: skip

ACKNOWLEDGED = "ok, thanks"
"""Counts as a reaction and costs no model call."""


def hook_probes(texts: Mapping[Path, str], launcher: Path, skill: str) -> list[HookProbe]:
    """In the order of a session: it starts, a skill is read, then mentioned, then the user answers."""
    (text,) = [text for file, text in texts.items() if file.name == "hooks.json"]
    commands = groups(launcher).commands(text)
    read = {
        "tool_name": "Bash",
        "tool_input": {"command": f"cat skills/{skill}/SKILL.md"},
        "tool_use_id": "call_doctor",
    }
    story: list[tuple[str, dict[str, object]]] = [
        ("SessionStart", {"source": "startup"}),
        ("PreToolUse", {"turn_id": "doctor-1", **read}),
        ("UserPromptSubmit", {"turn_id": "doctor-2", "prompt": f"${skill}"}),
        ("UserPromptSubmit", {"turn_id": "doctor-3", "prompt": ACKNOWLEDGED}),
    ]
    return [HookProbe(event, commands[event], _payload(event, own), event != "PreToolUse") for event, own in story]


def _payload(event: str, own: Mapping[str, object]) -> bytes:
    """One line of JSON, as the program writes it."""
    return json.dumps({**COMMON, "hook_event_name": event, **own}, separators=(",", ":")).encode()
