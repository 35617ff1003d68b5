"""Reading hooks.json as Cursor does, which ignores the whole file for one thing that it does not like (contract 1)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hivemind_skillopt.adapters import json_text
from hivemind_skillopt.adapters.hook_groups import HOOKS, Json, is_blank
from hivemind_skillopt.errors import HarnessError

COMMAND = "command"

KNOWN_EVENTS = frozenset((
    "sessionStart", "sessionEnd", "preToolUse", "postToolUse", "postToolUseFailure", "subagentStart", "subagentStop",
    "beforeShellExecution", "afterShellExecution", "beforeMCPExecution", "afterMCPExecution", "beforeReadFile",
    "afterFileEdit", "beforeSubmitPrompt", "preCompact", "stop", "afterAgentResponse", "afterAgentThought",
    "beforeTabFileRead", "afterTabFileEdit", "workspaceOpen",
))  # fmt: skip
"""Documented in 2026-08. One that is not among them was seen by others to void the file (CLI 2026.09.10)."""

URL = "://"
"""A command with a URL was, too."""

MAX_SHOWN = 40


def read_hooks_file(text: str) -> Json:
    """The file's object. Raises HarnessError."""
    try:
        value = json_text.read(text)
    except ValueError as error:
        raise HarnessError(f"Cursor's hooks.json is not plain JSON ({error}); mend it, then try again") from None
    if not isinstance(value, dict):
        raise HarnessError("Cursor's hooks.json does not hold a JSON object; mend it, then try again")
    return value


def leniently(text: str | None) -> Json:
    """The file's object, or {} where there is none."""
    try:
        return {} if text is None or is_blank(text) else read_hooks_file(text)
    except HarnessError:
        return {}


def commands(hooks: object) -> Iterator[tuple[str, int, str]]:
    """Event, place in its list, command. Whatever else is in the file is stepped over."""
    for event, entries in hooks.items() if isinstance(hooks, dict) else ():
        for at, entry in enumerate(entries) if isinstance(entries, list) else ():
            run = entry.get(COMMAND) if isinstance(entry, dict) else None
            if isinstance(run, str):
                yield str(event), at, run


def switched_off(file: Path) -> str:
    """What keeps our hooks from running, or ''. Told, not refused: a newer Cursor may know more events."""
    try:
        hooks = leniently(file.read_text(encoding="utf-8", errors="replace")).get(HOOKS)
    except OSError:
        return ""
    unknown = sorted(str(event) for event in hooks if event not in KNOWN_EVENTS) if isinstance(hooks, dict) else []
    with_url = [event for event, _, run in commands(hooks) if URL in run]
    why = [f"the event {event[:MAX_SHOWN]!r}, which is not known" for event in unknown]
    why += [f"a URL in a command of {event}" for event in with_url]
    return f"{file} has {why[0]}: Cursor ignores the whole file" if why else ""
