"""Reading settings.json as the program does, so that nothing is added to a file that it ignores.

Seen with 2.1.197 in `-p`, with an `env` entry and a hook in the file: a byte order mark, CRLF, any layout and keys that
stand twice (the last one counts) are fine. Comments, trailing commas, NaN, a malformed entry under an event that the
program knows, or 2.6 MB: the program ignores the WHOLE file, without a word (tests/harness/test_install_settings.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictStr, TypeAdapter, ValidationError

from hivemind_skillopt.adapters import json_text
from hivemind_skillopt.adapters.hook_groups import Json, is_blank
from hivemind_skillopt.errors import HarnessError
from hivemind_skillopt.settings import YES

KNOWN_EVENTS = frozenset((
    "PreToolUse", "PostToolUse", "PostToolUseFailure", "PostToolBatch", "Notification", "UserPromptSubmit",
    "UserPromptExpansion", "SessionStart", "SessionEnd", "Stop", "StopFailure", "SubagentStart", "SubagentStop",
    "PreCompact", "PostCompact", "PermissionRequest", "PermissionDenied", "Setup", "TeammateIdle", "TaskCreated",
    "TaskCompleted", "Elicitation", "ElicitationResult", "ConfigChange", "WorktreeCreate", "WorktreeRemove",
    "InstructionsLoaded", "CwdChanged", "FileChanged", "MessageDisplay",
))  # fmt: skip
"""Entries under any other name are not looked at by the program (contract 2)."""


MANAGED = (
    Path("/etc/claude-code/managed-settings.json"),
    Path("/Library/Application Support/ClaudeCode/managed-settings.json"),
)
"""The administrator's settings on Linux and macOS. Documented by the vendor, not seen."""


class _Hook(BaseModel):
    model_config = ConfigDict(extra="ignore")
    timeout: Annotated[float, Field(strict=True, gt=0)] = 60


class _Command(_Hook):
    type: Literal["command"]
    command: StrictStr


class _Prompt(_Hook):
    type: Literal["prompt", "agent"]
    prompt: StrictStr


class _Other(_Hook):
    type: Literal["http", "mcp_tool"]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="ignore")
    matcher: StrictStr = ""
    hooks: list[Annotated[_Command | _Prompt | _Other, Field(discriminator="type")]]


_ENTRIES = TypeAdapter(dict[str, list[_Entry]])


def read_settings(text: str, checked: bool = True) -> Json:
    """The settings. Raises HarnessError; `checked`: also where a hook entry makes the program ignore the file."""
    try:
        settings = json_text.read(text)
    except ValueError as error:
        raise HarnessError(f"settings.json is not plain JSON ({error}); mend it, then try again") from None
    if not isinstance(settings, dict):
        raise HarnessError("settings.json does not hold a JSON object; mend it, then try again")
    if checked:
        _refuse_malformed(settings.get("hooks", {}))
    return settings


def leniently(text: str | None) -> Json:
    """The settings, or {} where there are none."""
    try:
        return {} if text is None or is_blank(text) else read_settings(text, checked=False)
    except HarnessError:
        return {}


def switched_off(home: Path) -> str:
    """What keeps our hooks from working, or '': in the user's settings, or in those of the machine's administrator."""
    for path in (home / "settings.json", *MANAGED):
        settings = leniently(_text(path))
        if settings.get("disableAllHooks") is True:
            return f"disableAllHooks is true in {path}"
        env = settings.get("env")
        disabled = env.get("HIVEMIND_SKILLOPT_DISABLED", "") if isinstance(env, dict) else ""
        if str(disabled).strip().lower() in YES:
            return f"env has HIVEMIND_SKILLOPT_DISABLED in {path}"
        if path in MANAGED and settings.get("allowManagedHooksOnly") is True:
            return f"allowManagedHooksOnly is true in {path}"
    return ""


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def _refuse_malformed(hooks: object) -> None:
    if not isinstance(hooks, dict):
        raise HarnessError(
            "'hooks' in settings.json is no object, so the whole file is ignored; mend it, then try again"
        )
    known = {event: entries for event, entries in hooks.items() if event in KNOWN_EVENTS and isinstance(entries, list)}
    try:
        _ENTRIES.validate_python(known)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise HarnessError(
            f"hooks.{where} in settings.json is malformed, so the whole file is ignored; mend it, then try again"
        ) from None
