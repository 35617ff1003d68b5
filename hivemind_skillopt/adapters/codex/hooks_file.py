"""Reading hooks.json as Codex does, so that nothing is added to a file that it ignores.

Seen with 0.169.0: one unknown key at the top, a key that stands twice, a byte order mark or one malformed group under a
known event, and the program ignores the WHOLE file (tests/harness/test_codex_install.py).
"""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictStr, ValidationError

from hivemind_skillopt.adapters import json_text
from hivemind_skillopt.adapters.hook_groups import Json
from hivemind_skillopt.errors import HarnessError

KNOWN_EVENTS = frozenset((
    "PreToolUse", "PermissionRequest", "PostToolUse", "PreCompact", "PostCompact", "SessionStart", "SessionEnd",
    "UserPromptSubmit", "SubagentStart", "SubagentStop", "Stop", "Interrupt", "PreModelRequest",
))  # fmt: skip
"""Groups under any other name are not looked at by the program (contract 1)."""


class _Handler(BaseModel):
    model_config = ConfigDict(extra="ignore")
    timeout: Annotated[int, Field(strict=True, ge=0)] | None = None


class _Command(_Handler):
    type: Literal["command"]
    command: StrictStr


class _Other(_Handler):
    type: Literal["mcp_tool", "prompt", "agent"]


class _Group(BaseModel):
    model_config = ConfigDict(extra="ignore")
    matcher: StrictStr | None = None
    hooks: list[Annotated[_Command | _Other, Field(discriminator="type")]] = []


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    description: StrictStr | None = None
    hooks: dict[str, list[_Group]] = {}


def read_hooks_file(text: str, checked: bool = True) -> Json:
    """The file's value. Raises HarnessError; `checked`: also for what makes the program ignore the file."""
    try:
        value = json_text.read(text)
        if checked:
            _refuse_malformed(text)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise HarnessError(
            f"{where} in hooks.json is malformed, so Codex ignores the whole file; mend it, then try again"
        ) from None
    except ValueError as error:
        raise HarnessError(f"hooks.json is not plain JSON ({error}); mend it, then try again") from None
    if not isinstance(value, dict):
        raise HarnessError("hooks.json does not hold a JSON object; mend it, then try again")
    return value


def _refuse_malformed(text: str) -> None:
    """By the stricter reader: the text has been read before."""
    value = json.loads(text, object_pairs_hook=_each_once)
    hooks = value.get("hooks") if isinstance(value, dict) else None
    if isinstance(hooks, dict):
        value = {**value, "hooks": {event: groups for event, groups in hooks.items() if event in KNOWN_EVENTS}}
    _File.model_validate(value)


def _each_once(pairs: list[tuple[str, object]]) -> Json:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found
