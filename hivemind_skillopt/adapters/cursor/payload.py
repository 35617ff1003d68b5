"""Cursor's hook payloads to harness-neutral events (contract 2, 5 and 6).

| event | becomes |
|---|---|
| sessionStart | session_start |
| preToolUse of `Read` or `Shell`, for each SKILL.md that is read | pre_tool_use, provenance `path` |
| beforeSubmitPrompt | where it begins with `/name`, pre_tool_use, provenance `slash`; then user_prompt_submit |

A sub-agent has a conversation of its own that names its parent: what it uses arms the parent's session, its prompts are
nobody's. Cursor runs Claude Code's hooks too; told by one of those, it is the same event with the same id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from os.path import normpath

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from hivemind_skillopt.adapters.base import origin_of
from hivemind_skillopt.adapters.cursor.adapter import Cursor
from hivemind_skillopt.adapters.jsonl_tail import Lenient
from hivemind_skillopt.adapters.shell_reads import skill_reads
from hivemind_skillopt.errors import PayloadUnreadable
from hivemind_skillopt.events import InboxItem, Origin, PreToolUse, SeenEvent, SessionStart, UserPromptSubmit
from hivemind_skillopt.model import Provenance, derived_id

HARNESS = Cursor.name
BOM = b"\xef\xbb\xbf"
SKILL_MD = "SKILL.md"

_MENTION = re.compile(r"\s*/(?P<name>[^\s/]+)(?:\s+|$)")
"""The skill's name is the prompt's first word; `/home/dev/x.py is wrong` names none."""


class _ToolInput(BaseModel):
    """What we read of `Read` and `Shell`; names differ between versions. Tools of others hold what they like."""

    model_config = ConfigDict(extra="ignore")
    file_path: str = ""
    path: str = ""
    command: str = ""
    cwd: str = ""
    working_directory: str = ""

    @model_validator(mode="before")
    @classmethod
    def _texts(cls, value: object) -> object:
        return {k: v for k, v in value.items() if isinstance(v, str)} if isinstance(value, dict) else {}


class Payload(Lenient):
    """The fields we read, none of which is trusted to be there."""

    conversation_id: str = Field("", max_length=200)
    parent_conversation_id: str = Field("", max_length=200)
    session_id: str = Field("", max_length=200)
    generation_id: str = ""
    hook_event_name: str = ""
    cursor_version: str = ""
    workspace_roots: tuple[str, ...] = ()
    transcript_path: str = ""
    cwd: str = ""
    tool_name: str = ""
    tool_input: _ToolInput = _ToolInput()
    tool_use_id: str = ""
    prompt: str = ""

    @property
    def session(self) -> str:
        """The parent's conversation for a sub-agent's event."""
        return self.parent_conversation_id or self.conversation_id or self.session_id

    @property
    def root(self) -> str:
        """The project's folder; a tool may run in another one."""
        return next(iter(self.workspace_roots), self.cwd)

    def id(self, *parts: str) -> str:
        """The same, whichever hook told it and however often."""
        return derived_id(HARNESS, self.session, self.conversation_id, self.generation_id, *parts)


def is_from_cursor(data: bytes) -> bool:
    """Is this Cursor's payload, whoever's hook it was told to?"""
    try:
        payload = _parse(data)
    except PayloadUnreadable:
        return False
    return bool(payload.conversation_id and payload.cursor_version)


def read_events(item: InboxItem, home: str) -> list[SeenEvent]:
    """The events of one inbox file, in order. Raises PayloadUnreadable."""
    payload = _parse(item.payload)
    if not payload.generation_id:
        payload = payload.model_copy(update={"generation_id": item.id})
    origin = origin_of(item, home, payload.session, payload.root, payload.transcript_path)
    match payload.hook_event_name or item.event:
        case "sessionStart" | "SessionStart" if not payload.parent_conversation_id:
            return [SeenEvent(payload.id("sessionStart"), SessionStart(origin))]
        case "preToolUse" | "PreToolUse":
            return [_read(payload, origin, folder) for folder in _folders(payload, item.carried.get("HOME", ""))]
        case "beforeSubmitPrompt" | "UserPromptSubmit" | "UserPromptMention" if _is_human(payload):
            return list(_prompt(payload, origin))
        case _:
            return []


def _parse(data: bytes) -> Payload:
    try:
        payload = Payload.model_validate_json(data.removeprefix(BOM))
    except ValidationError as error:
        raise PayloadUnreadable(f"{error.error_count()} fields do not fit") from None
    if not payload.session:
        raise PayloadUnreadable("it names no conversation")
    return payload


def _folders(payload: Payload, home: str) -> list[str]:
    """The folders of the skills that this tool call reads; which of them are org skills the manifest says."""
    given, cwd = payload.tool_input, payload.cwd or payload.root
    match payload.tool_name:
        case "Read":
            folder, _, name = _absolute(given.file_path or given.path, cwd, home).rpartition("/")
            return [folder] if name == SKILL_MD and folder and "\0" not in folder else []
        case "Shell":
            cwd = _absolute(given.cwd or given.working_directory, cwd, home)
            return [read.folder for read in skill_reads(given.command, cwd, home)]
        case _:
            return []


def _absolute(path: str, cwd: str, home: str) -> str:
    """Without `..`; links are not followed."""
    whole = home + path[1:] if path.startswith("~/") else path if path.startswith("/") else f"{cwd}/{path}"
    return normpath(whole)


def _read(payload: Payload, origin: Origin, folder: str) -> SeenEvent:
    event = PreToolUse(
        origin,
        skill=folder.rpartition("/")[2],
        provenance=Provenance.PATH,
        folder=folder,
        tool_use_id=payload.tool_use_id,
        prompt_id=payload.generation_id,
        agent_id=payload.conversation_id if payload.parent_conversation_id else "",
    )
    return SeenEvent(payload.id("preToolUse", payload.tool_use_id, folder), event)


def _is_human(payload: Payload) -> bool:
    """A prompt without words (an image, say) is no reaction; what a sub-agent is asked to do is no human's word."""
    return bool(payload.prompt.strip()) and not payload.parent_conversation_id


def _prompt(payload: Payload, origin: Origin) -> Iterator[SeenEvent]:
    """First the use: the window of that skill's last use still takes the words, the new one does not."""
    mention = _MENTION.match(payload.prompt)
    words = payload.prompt[mention.end() if mention else 0 :].strip()
    said = UserPromptSubmit(
        origin,
        derived_id(HARNESS, payload.session, "reaction", payload.generation_id),
        text=payload.prompt,
        words=words,
        prompt_id=payload.generation_id,
        only_invokes=not words,
    )
    if mention:
        use = PreToolUse(origin, mention["name"], Provenance.SLASH, prompt_id=payload.generation_id)
        yield SeenEvent(payload.id("beforeSubmitPrompt", "use"), use)
    yield SeenEvent(payload.id("beforeSubmitPrompt"), said)
