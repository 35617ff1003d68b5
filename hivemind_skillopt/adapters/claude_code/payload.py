"""Claude Code's hook payloads to harness-neutral events.

| event | becomes |
|---|---|
| SessionStart | session_start |
| PreToolUse of the tool `Skill` | pre_tool_use, provenance `tool` |
| UserPromptExpansion of a slash command | pre_tool_use, provenance `slash` |
| UserPromptSubmit, unless synthetic | user_prompt_submit |
"""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hivemind_skillopt.adapters.base import origin_of
from hivemind_skillopt.adapters.claude_code.adapter import ClaudeCode
from hivemind_skillopt.errors import PayloadUnreadable
from hivemind_skillopt.events import InboxItem, Origin, PreToolUse, SeenEvent, SessionStart, UserPromptSubmit
from hivemind_skillopt.model import Provenance, derived_id

HARNESS = ClaudeCode.name

SYNTHETIC_STARTS = (
    "<task-notification>",
    "<command-message>",
    "<command-name>",
    "<local-command",
    "<bash-",
    "[Request interrupted by user",
)
"""A prompt that begins so was not typed by the human (contract 5 and 7)."""

_MENTION = re.compile(r"^/\S+\s*")


class _ToolInput(BaseModel):
    model_config = ConfigDict(extra="ignore")
    skill: str = ""


class Payload(BaseModel):
    """The fields we read; anything else is ignored. No field is trusted to be there."""

    model_config = ConfigDict(extra="ignore")
    session_id: str = Field(min_length=1, max_length=200)
    hook_event_name: str = ""
    transcript_path: str = ""
    cwd: str = ""
    prompt_id: str = ""
    source: str = "startup"
    prompt: str = ""
    tool_name: str = ""
    tool_input: _ToolInput = _ToolInput()
    tool_use_id: str = ""
    agent_id: str = ""
    expansion_type: str = ""
    command_name: str = ""


def read_event(item: InboxItem, home: str) -> SeenEvent | None:
    """The event of one inbox file; None where there is none. Raises PayloadUnreadable."""
    payload = _parse(item.payload)
    if not payload.prompt_id and payload.hook_event_name == "UserPromptSubmit":
        payload = payload.model_copy(update={"prompt_id": item.id})
    origin = origin_of(item, home, payload.session_id, payload.cwd, payload.transcript_path)
    match payload.hook_event_name or item.event:
        case "SessionStart":
            return SeenEvent(derived_id(HARNESS, item.id), SessionStart(origin, payload.source))
        case "PreToolUse" if payload.tool_name == "Skill":
            return _skill_call(payload, origin)
        case "UserPromptExpansion" if payload.expansion_type == "slash_command":
            return _slash_command(payload, origin)
        case "UserPromptSubmit" if is_human(payload.prompt):
            return _prompt(payload, origin)
        case _:
            return None


def _parse(data: bytes) -> Payload:
    try:
        return Payload.model_validate_json(data.removeprefix(b"\xef\xbb\xbf"))
    except ValidationError as error:
        raise PayloadUnreadable(f"{error.error_count()} fields do not fit") from None


def _skill_call(payload: Payload, origin: Origin) -> SeenEvent:
    event = PreToolUse(
        origin,
        skill=folder_name(payload.tool_input.skill),
        provenance=Provenance.TOOL,
        tool_use_id=payload.tool_use_id,
        prompt_id=payload.prompt_id,
        agent_id=payload.agent_id,
    )
    return SeenEvent(_id(payload, "PreToolUse", payload.tool_use_id), event)


def _slash_command(payload: Payload, origin: Origin) -> SeenEvent:
    event = PreToolUse(
        origin, skill=folder_name(payload.command_name), provenance=Provenance.SLASH, prompt_id=payload.prompt_id
    )
    return SeenEvent(_id(payload, "UserPromptExpansion", payload.prompt_id), event)


def _prompt(payload: Payload, origin: Origin) -> SeenEvent:
    words = _MENTION.sub("", payload.prompt).strip()
    event = UserPromptSubmit(
        origin,
        reaction_id(payload.session_id, payload.prompt_id),
        text=payload.prompt,
        words=words,
        prompt_id=payload.prompt_id,
        only_invokes=bool(payload.prompt.strip()) and not words,
    )
    return SeenEvent(_id(payload, "UserPromptSubmit", payload.prompt_id), event)


def reaction_id(session_id: str, prompt_id: str) -> str:
    """Session + prompt_id: one prompt is one reaction."""
    return derived_id(HARNESS, session_id, "reaction", prompt_id)


def _id(payload: Payload, kind: str, key: str) -> str:
    return derived_id(HARNESS, payload.session_id, kind, key)


def folder_name(skill: str) -> str:
    """`/deploy--alice` and `plugin:deploy--alice` both name `deploy--alice`; what the model wrote is not normal."""
    return skill.strip().removeprefix("/").rpartition(":")[2]


def is_human(prompt: str) -> bool:
    """Typed by the human, as far as the text can say."""
    return not prompt.lstrip().startswith(SYNTHETIC_STARTS)
