"""What our plugin writes down, to harness-neutral events. It has the form that Hermes gives its shell hooks.

| event | becomes |
|---|---|
| on_session_start, not a sub-agent's | session_start |
| post_tool_call of `skill_view` that loaded a skill | pre_tool_use, provenance `tool` |
| post_tool_call of `read_file` or `terminal` that reads a SKILL.md | pre_tool_use, provenance `path` |
| pre_llm_call with a typed `/skill` | pre_tool_use, provenance `slash`, then user_prompt_submit of its words |
| pre_llm_call, unless synthetic, a sub-agent's or `/retry` | user_prompt_submit |
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from hivemind_skillopt.adapters.base import origin_of
from hivemind_skillopt.adapters.hermes.adapter import Hermes
from hivemind_skillopt.adapters.hermes.scaffold import Scaffold, is_human, read_scaffold
from hivemind_skillopt.adapters.shell_reads import SkillRead, skill_reads
from hivemind_skillopt.errors import PayloadUnreadable
from hivemind_skillopt.events import InboxItem, Origin, PreToolUse, SeenEvent, SessionStart, UserPromptSubmit
from hivemind_skillopt.model import Provenance, derived_id

HARNESS = Hermes.name


class _Lenient(BaseModel):
    """No field is trusted to be there; a null is as good as nothing."""

    model_config = ConfigDict(extra="ignore")

    @field_validator("*", mode="before")
    @classmethod
    def _null_is_nothing(cls, value: object) -> object:
        return "" if value is None else value


class _Extra(_Lenient):
    turn_id: str = ""
    tool_call_id: str = ""
    user_message: str = ""
    platform: str = ""
    status: str = ""
    result: str = ""
    again: bool = False


class _Input(_Lenient):
    path: str = ""
    command: str = ""
    workdir: str = ""


class Payload(_Lenient):
    """The fields we read. `agent_id`: the sub-agent's session, `session_id` is the human's then."""

    session_id: str = Field("", max_length=200)
    agent_id: str = Field("", max_length=200)
    hook_event_name: str = ""
    tool_name: str = ""
    tool_input: _Input = _Input()
    cwd: str = ""
    extra: _Extra = _Extra()

    @field_validator("tool_input", mode="before")
    @classmethod
    def _without_input(cls, value: object) -> object:
        return value or {}


class SkillView(_Lenient):
    """The result of a `skill_view`; `file` names the supporting file that was read instead of the skill."""

    success: bool = False
    name: str = ""
    skill_dir: str = ""
    file: str = ""
    content: str = ""

    @property
    def folder_name(self) -> str:
        """The front matter may give another name than the folder has."""
        return Path(self.skill_dir).name or self.name


def read_events(item: InboxItem, home: str) -> Iterator[SeenEvent]:
    """The events of one inbox file, in order. Raises PayloadUnreadable."""
    payload = _parse(item.payload)
    if not payload.session_id or payload.extra.platform == "subagent":
        return
    origin = origin_of(item, home, payload.session_id, payload.cwd, str(Path(home) / "state.db"))
    match payload.hook_event_name:
        case "on_session_start":
            yield SeenEvent(_id(payload, "SessionStart", ""), SessionStart(origin))
        case "post_tool_call" if payload.extra.status == "ok":
            yield from _tool_call(payload, origin, item.carried.get("HOME", ""))
        case "pre_llm_call":
            yield from _prompt(payload, origin)


def _parse(data: bytes) -> Payload:
    try:
        return Payload.model_validate_json(data)
    except ValidationError as error:
        raise PayloadUnreadable(f"{error.error_count()} fields do not fit") from None


def read_skill_view(result: str) -> SkillView | None:
    """None where no skill was loaded: an error, a supporting file, no JSON."""
    try:
        found = SkillView.model_validate_json(result)
    except ValidationError:
        return None
    return found if found.success and not found.file and found.folder_name else None


def _tool_call(payload: Payload, origin: Origin, user_home: str) -> Iterator[SeenEvent]:
    call, provenance = payload.extra.tool_call_id, Provenance.PATH
    match payload.tool_name:
        case "skill_view":
            viewed, provenance = read_skill_view(payload.extra.result), Provenance.TOOL
            reads = [SkillRead(viewed.folder_name, viewed.skill_dir)] if viewed else []
        case "read_file":
            reads = _file_read(payload, user_home)
        case "terminal":
            cwd = str(Path(payload.cwd, payload.tool_input.workdir))
            reads = skill_reads(payload.tool_input.command, cwd, user_home)
        case _:
            return
    for read in reads:
        event = PreToolUse(
            origin,
            skill=read.skill,
            provenance=provenance,
            folder=read.folder,
            tool_use_id=call,
            prompt_id=payload.extra.turn_id,
            agent_id=payload.agent_id,
        )
        yield SeenEvent(_id(payload, "PreToolUse", call, read.skill), event)


def _file_read(payload: Payload, user_home: str) -> list[SkillRead]:
    """The folder of the SKILL.md that was read; none of any other file."""
    path = payload.tool_input.path
    file = Path(payload.cwd, user_home + path[1:] if path.startswith("~/") else path)
    return [SkillRead(file.parent.name, str(file.parent))] if file.name == "SKILL.md" else []


def _prompt(payload: Payload, origin: Origin) -> Iterator[SeenEvent]:
    """First the uses: the window of a skill's last use still takes the words, the new one does not."""
    message, turn = payload.extra.user_message, payload.extra.turn_id
    scaffold = read_scaffold(message)
    for skill in scaffold.skills if scaffold else ():
        event = PreToolUse(origin, skill.name, Provenance.SLASH, folder=skill.folder, prompt_id=turn)
        yield SeenEvent(_id(payload, "PreToolUse", turn, skill.name), event)
    if (scaffold or is_human(message)) and not payload.extra.again:
        yield SeenEvent(_id(payload, "UserPromptSubmit", turn), _reaction(payload, origin, scaffold))


def _reaction(payload: Payload, origin: Origin, scaffold: Scaffold | None) -> UserPromptSubmit:
    """The same words typed in two turns are two. `text` is as the transcript shows it: state.db knows no turn ids."""
    turn, message = payload.extra.turn_id, payload.extra.user_message
    return UserPromptSubmit(
        origin,
        derived_id(HARNESS, payload.session_id, "reaction", turn),
        text=scaffold.shown if scaffold else message,
        words=scaffold.words if scaffold else message.strip(),
        prompt_id=turn,
        only_invokes=scaffold is not None and not scaffold.words,
    )


def _id(payload: Payload, kind: str, *keys: str) -> str:
    return derived_id(HARNESS, payload.session_id, payload.agent_id, kind, *keys)
