"""What our extension writes for pi's events, to harness-neutral events.

| inbox event | pi's own | becomes |
|---|---|---|
| SessionStart | session_start | session_start |
| PreToolUse | tool_call of `read` or `bash` | pre_tool_use, provenance `path`, for each SKILL.md that it reads |
| UserPromptMention | input | pre_tool_use, provenance `slash`, for `/skill:NAME`; user_prompt_submit |
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import basename, dirname, join, normpath, split

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hivemind_skillopt.adapters.base import origin_of
from hivemind_skillopt.adapters.pi.adapter import Pi
from hivemind_skillopt.adapters.shell_reads import skill_reads
from hivemind_skillopt.errors import PayloadUnreadable
from hivemind_skillopt.events import InboxItem, Origin, PreToolUse, SeenEvent, SessionStart, UserPromptSubmit
from hivemind_skillopt.model import Provenance, derived_id

HARNESS = Pi.name

COMMAND = re.compile(r"/skill:(?P<skill>\S+)(?: (?P<words>.*))?", re.S)
_ATTACHED = '<file name="'
_ATTACHED_END = "</file>\n"
_UNICODE_SPACES = re.compile("[\u00a0\u2000-\u200a\u202f\u205f\u3000]")


class _ToolInput(BaseModel):
    model_config = ConfigDict(extra="ignore")
    path: str = ""
    command: str = ""
    offset: int = 0


class Payload(BaseModel):
    """The fields we read; anything else is ignored. `skill_file` None: pi did not say where the typed skill lies."""

    model_config = ConfigDict(extra="ignore")
    event_id: str = ""
    session_id: str = Field(min_length=1, max_length=200)
    transcript_path: str = ""
    cwd: str = ""
    source: str = ""
    prompt: str = ""
    skill_file: str | None = None
    tool_name: str = ""
    tool_use_id: str = ""
    tool_input: _ToolInput = _ToolInput()


def read_events(item: InboxItem, home: str) -> list[SeenEvent]:
    """The events of one inbox file. Raises PayloadUnreadable."""
    payload = _parse(item)
    origin = origin_of(item, home, payload.session_id, payload.cwd, payload.transcript_path)
    key = derived_id(HARNESS, payload.session_id, item.event, payload.event_id)
    match item.event:
        case "SessionStart":
            return [SeenEvent(key, SessionStart(origin, payload.source))]
        case "PreToolUse":
            uses = _tool_uses(payload, origin, item.carried.get("HOME", ""))
            return [SeenEvent(_use_id(use), use) for use in uses]
        case "UserPromptMention":
            return list(_prompt(payload, origin, key))
        case _:
            return []


def _parse(item: InboxItem) -> Payload:
    """The extension's own id of the event; without one, the inbox file's."""
    try:
        payload = Payload.model_validate_json(item.payload)
    except ValidationError as error:
        raise PayloadUnreadable(f"{error.error_count()} fields do not fit") from None
    return payload if payload.event_id else payload.model_copy(update={"event_id": item.id})


def _tool_uses(payload: Payload, origin: Origin, user_home: str) -> Iterator[PreToolUse]:
    for folder in _folders_read(payload, user_home):
        yield PreToolUse(
            origin,
            skill=basename(folder),
            provenance=Provenance.PATH,
            folder=folder,
            tool_use_id=payload.tool_use_id,
        )


def _use_id(use: PreToolUse) -> str:
    """By the call, so that one which two copies of the extension saw is one."""
    return derived_id(HARNESS, use.origin.session_id, "PreToolUse", use.tool_use_id, use.folder)


def _folders_read(payload: Payload, user_home: str) -> list[str]:
    """The folders whose SKILL.md is read. One that goes on reading at a later line has begun before."""
    given = payload.tool_input
    if payload.tool_name == "bash":
        return [found.folder for found in skill_reads(given.command, payload.cwd, user_home)]
    folder, name = split(resolved(given.path, payload.cwd, user_home))
    return [folder] if payload.tool_name == "read" and name == "SKILL.md" and given.offset <= 1 else []


def resolved(path: str, cwd: str, user_home: str) -> str:
    """As pi's own tools resolve it: `@` and `~` in front, odd spaces, relative to the working directory."""
    plain = _UNICODE_SPACES.sub(" ", path.removeprefix("@"))
    if plain == "~" or plain.startswith("~/"):
        plain = user_home + plain[1:]
    return normpath(join(cwd, plain))


def _prompt(payload: Payload, origin: Origin, key: str) -> Iterator[SeenEvent]:
    """First the skill that it types, as a harness with an event for each tells it: its words are for those before."""
    typed = as_typed(payload.prompt)
    if not typed:
        return
    command = COMMAND.fullmatch(typed)
    if command and payload.skill_file != "":
        folder = dirname(payload.skill_file or "")
        use = PreToolUse(origin, command["skill"], Provenance.SLASH, folder=folder, prompt_id=payload.event_id)
        yield SeenEvent(derived_id(key, "use"), use)
    words = (command["words"] or "").strip() if command else typed
    yield SeenEvent(
        key,
        UserPromptSubmit(
            origin,
            reaction_id=derived_id(HARNESS, payload.session_id, "reaction", payload.event_id),
            text=typed,
            words=words,
            prompt_id=payload.event_id,
            only_invokes=not words,
        ),
    )


def as_typed(prompt: str) -> str:
    """The person's own words: the files that `pi @file` puts in front of them are left out.

    A file may hold the mark of an end itself, so the last one counts. What a pipe gave stands before the files and is
    not marked at all: it cannot be told from words.
    """
    typed = prompt.rpartition(_ATTACHED_END)[2] if prompt.startswith(_ATTACHED) else prompt
    return typed.strip()
