"""Codex's hook payloads to harness-neutral events.

| event | becomes |
|---|---|
| SessionStart | session_start |
| PreToolUse of the shell, `Bash` | a pre_tool_use for each skill that the command reads or runs, provenance `path` |
| UserPromptSubmit, but no sub-agent's task | a pre_tool_use for each `$name--author` in it, then user_prompt_submit |

A mention stands before its own prompt, as a typed command does in Claude Code: so the window of the same skill's last
use still takes the prompt's words, and the window that the mention opens does not.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hivemind_skillopt.adapters.base import origin_of
from hivemind_skillopt.adapters.codex.adapter import Codex
from hivemind_skillopt.adapters.shell_reads import MAX_READS, is_ref, skill_reads
from hivemind_skillopt.errors import PayloadUnreadable
from hivemind_skillopt.events import InboxItem, Origin, PreToolUse, SeenEvent, SessionStart, UserPromptSubmit
from hivemind_skillopt.model import Provenance, derived_id

HARNESS = Codex.name

SHELL = "Bash"
"""The shell tool's name in hooks, whatever it is called for the model (contract 3)."""

_MENTION = re.compile(
    r"\[?(?<![A-Za-z0-9_])\$(?:[\w-]++:)?(?P<skill>[a-z0-9][a-z0-9-]*+)(?![A-Za-z0-9_])(?:\]\([^)$\n]{0,300}\))?"
)
"""Where Codex sees `$name`: in backticks, behind a backslash and as a link too, in exact case (contract 5)."""


class _ToolInput(BaseModel):
    model_config = ConfigDict(extra="ignore")
    command: str = ""


class Payload(BaseModel):
    """The fields we read; anything else is ignored. No field is trusted to be there."""

    model_config = ConfigDict(extra="ignore")
    session_id: str = Field(min_length=1, max_length=200)
    turn_id: str = ""
    hook_event_name: str = ""
    transcript_path: str | None = None
    cwd: str = ""
    source: str = "startup"
    prompt: str = ""
    tool_name: str = ""
    tool_input: _ToolInput = _ToolInput()
    tool_use_id: str = ""
    agent_id: str = ""


def read_events(item: InboxItem, home: str) -> list[SeenEvent]:
    """The events of one inbox file, in order. Raises PayloadUnreadable."""
    payload = _parse(item.payload)
    if not payload.turn_id:
        payload = payload.model_copy(update={"turn_id": item.id})
    origin = origin_of(item, home, payload.session_id, payload.cwd, payload.transcript_path or "")
    match payload.hook_event_name or item.event:
        case "SessionStart":
            return [SeenEvent(derived_id(HARNESS, item.id), SessionStart(origin, payload.source))]
        case "PreToolUse" if payload.tool_name == SHELL:
            return list(_shell_command(payload, origin, item.carried.get("HOME", "")))
        case "UserPromptSubmit" | "UserPromptMention" if not payload.agent_id:
            return list(_prompt(payload, origin))
        case _:
            return []


def _parse(data: bytes) -> Payload:
    try:
        return Payload.model_validate_json(data.removeprefix(b"\xef\xbb\xbf"))
    except ValidationError as error:
        raise PayloadUnreadable(f"{error.error_count()} fields do not fit") from None


def _shell_command(payload: Payload, origin: Origin, user_home: str) -> Iterator[SeenEvent]:
    """`cwd` is the folder in which the command runs: a skill's own is no project.

    A sub-agent's command has the parent's session id.
    """
    for read in skill_reads(payload.tool_input.command, payload.cwd, user_home):
        event = PreToolUse(
            replace(origin, cwd="") if Path(payload.cwd).is_relative_to(read.folder) else origin,
            skill=read.skill,
            provenance=Provenance.PATH,
            folder=read.folder,
            tool_use_id=payload.tool_use_id,
            agent_id=payload.agent_id,
        )
        yield SeenEvent(_id(payload, "PreToolUse", payload.tool_use_id, read.folder), event)


def _prompt(payload: Payload, origin: Origin) -> Iterator[SeenEvent]:
    prompt_id = prompt_id_of(payload.turn_id, payload.prompt)
    skills, words = without_mentions(payload.prompt)
    for skill in skills:
        use = PreToolUse(origin, skill=skill, provenance=Provenance.SLASH, prompt_id=prompt_id)
        yield SeenEvent(_id(payload, "mention", prompt_id, skill), use)
    event = UserPromptSubmit(
        origin,
        reaction_id(payload.session_id, payload.turn_id, payload.prompt),
        text=payload.prompt,
        words=words,
        prompt_id=prompt_id,
        only_invokes=bool(skills) and not re.search(r"\w", words),
    )
    yield SeenEvent(_id(payload, "UserPromptSubmit", prompt_id), event)


def without_mentions(prompt: str) -> tuple[list[str], str]:
    """The skills that a prompt names with `$`, each once, and what it says besides."""
    found: dict[str, None] = {}

    def removed(mention: re.Match[str]) -> str:
        if len(found) >= MAX_READS or not is_ref(mention["skill"]):
            return mention[0]
        found[mention["skill"]] = None
        return ""

    words = _MENTION.sub(removed, prompt)
    return list(found), words.strip()


def prompt_id_of(turn_id: str, prompt: str) -> str:
    """A message typed while a turn runs belongs to the same turn: only its text tells it apart."""
    return f"{turn_id}:{hashlib.sha256(prompt.encode('utf-8', 'surrogatepass')).hexdigest()}"


def reaction_id(session_id: str, turn_id: str, prompt: str) -> str:
    """Session + turn + the text's hash: one prompt is one reaction."""
    return derived_id(HARNESS, session_id, "reaction", prompt_id_of(turn_id, prompt))


def _id(payload: Payload, *key: str) -> str:
    return derived_id(HARNESS, payload.session_id, *key)
