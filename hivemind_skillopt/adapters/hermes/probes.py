"""What Hermes tells our plugin, for `doctor`: the installed module itself is loaded and called, by our own Python."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from hivemind_skillopt.adapters.hermes import config_file
from hivemind_skillopt.adapters.hermes.install import CONFIG, MODULE
from hivemind_skillopt.harness import HookProbe

SESSION = "20260101_000000_d0c700"

ACKNOWLEDGED = "ok, thanks"
"""Counts as a reaction and costs no model call."""

CALL = """
import json, runpy, sys, types
hooks = {}
runpy.run_path(sys.argv[1])["register"](types.SimpleNamespace(register_hook=hooks.__setitem__))
hooks[sys.argv[2]](**json.load(sys.stdin))
"""
"""What Hermes does with a plugin, as far as it matters."""


def hook_probes(texts: Mapping[Path, str], launcher: Path, skill: str) -> list[HookProbe]:
    """In the order of a session: it starts, the model uses a skill, the user answers."""
    module = next(file for file in texts if file.name == MODULE)
    enabled = all(config_file.is_enabled(text) for file, text in texts.items() if file.name == CONFIG)
    there = enabled and json.dumps(str(launcher)) in texts[module]
    result = json.dumps({"success": True, "name": skill})
    call = {"tool_name": "skill_view", "args": {"name": skill}, "tool_call_id": "call_doctor"}
    told: dict[str, dict[str, object]] = {
        "on_session_start": {"platform": "cli"},
        "post_tool_call": {**call, "turn_id": f"{SESSION}:1", "status": "ok", "result": result},
        "pre_llm_call": {"platform": "cli", "turn_id": f"{SESSION}:2", "user_message": ACKNOWLEDGED},
    }
    return [
        HookProbe(event, _command(module, event) if there else "", _payload(own), event != "post_tool_call")
        for event, own in told.items()
    ]


def _command(module: Path, event: str) -> str:
    return shlex.join([sys.executable, "-I", "-S", "-c", CALL, str(module), event])


def _payload(own: Mapping[str, object]) -> bytes:
    return json.dumps({"session_id": SESSION, **own}).encode()
