"""Claude Code's transcript, read from its end for one invocation.

Human turns and the agent's words count only on the chain of `parentUuid` from the last record back: a
rewound branch was taken back by the user. Tool results and skill bodies are found by their ids instead,
because with two calls in one message the chain leaves the first one's out (seen).
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hivemind_skillopt.adapters.claude_code.payload import folder_name, is_human, reaction_id
from hivemind_skillopt.adapters.claude_code.records import Attachment, Block, Record, first_record, records_from_end
from hivemind_skillopt.adapters.claude_code.skill_body import split_rendered
from hivemind_skillopt.model import derived_id
from hivemind_skillopt.ports import AbsorbedReaction, Conversation, Turn

HUMAN_TURNS_BEFORE = 3
"""How far back the conversation is read: enough to see what the user wanted."""

_COMMAND = re.compile(
    r"<command-name>(?P<name>[^<]*)</command-name>(?:\s*<command-args>(?P<args>.*)</command-args>)?", re.S
)


@dataclass(frozen=True, slots=True)
class Invoked:
    """The handles of an invocation."""

    session_id: str
    skill: str
    tool_use_id: str
    prompt_id: str
    agent_id: str
    link: str = ""

    def is_pivot(self, record: Record) -> bool:
        """Is this the record in which the skill was called?"""
        if self.agent_id:
            return record.prompt_id == self.prompt_id and (_spoken(record) is not None or _is_notification(record))
        if self.tool_use_id:
            return any(b.type == "tool_use" and b.id == self.tool_use_id for b in record.blocks)
        return record.prompt_id == self.prompt_id and folder_name(_typed_name(record)) == self.skill

    def is_body(self, record: Record) -> bool:
        """Is this the record that holds the rendered skill?"""
        if not record.is_meta:
            return False
        if self.tool_use_id:
            return record.source_tool_use_id == self.tool_use_id
        return record.prompt_id == self.prompt_id and not record.source_tool_use_id


@dataclass(slots=True)
class _Reading:
    """What was collected on the way through the records."""

    turns: list[Turn] = field(default_factory=list)
    absorbed: list[AbsorbedReaction] = field(default_factory=list)
    tool_output: list[str] = field(default_factory=list)


def read_transcript(path: str, invoked: Invoked) -> Conversation | None:
    """The conversation around the invocation; None where there is no transcript or it is not in it yet."""
    try:
        records = _records_around(path, invoked)
        loaded = _loaded(_agent_records(path, invoked.agent_id) if invoked.agent_id else records, invoked)
        loaded = loaded or _forked(path, invoked)
    except OSError:
        return None
    if records is None:
        return None
    reading = _read(records, invoked)
    folder, body = loaded or ("", None)
    refused = loaded is None and any(turn.at_invocation and turn.text.endswith(": failed") for turn in reading.turns)
    return Conversation(
        turns=tuple(reading.turns),
        skill_body=body,
        tool_output=tuple(reading.tool_output),
        absorbed=tuple(reading.absorbed),
        other_skill=refused or not _same_folder(folder, invoked.link),
    )


def _same_folder(folder: str, link: str) -> bool:
    """Was the skill loaded through the link that we made? Unknown counts as yes: then the body decides."""
    return not folder or not link or folder == link or os.path.realpath(folder) == os.path.realpath(link)


def _records_around(path: str, invoked: Invoked) -> list[Record] | None:
    """From a few human turns before the invocation to the end, in the file's order."""
    found, before = False, 0
    records: list[Record] = []
    for record in records_from_end(path):
        if record.is_sidechain:
            continue
        records.append(record)
        before += found and _spoken(record) is not None
        found = found or invoked.is_pivot(record)
        if before >= HUMAN_TURNS_BEFORE:
            break
    return records[::-1] if found else None


def _agent_folder(path: str) -> Path:
    """Each sub-agent writes its own file there."""
    return Path(path).with_suffix("") / "subagents"


def _agent_records(path: str, agent_id: str) -> list[Record]:
    return list(records_from_end(str(_agent_folder(path) / f"agent-{Path(agent_id).name}.jsonl")))


def _loaded(records: Sequence[Record] | None, invoked: Invoked) -> tuple[str, str] | None:
    """The directory and the body of the skill that was loaded."""
    found = (split_rendered(record.text) for record in records or () if invoked.is_body(record))
    return next((loaded for loaded in found if loaded is not None), None)


def _forked(path: str, invoked: Invoked) -> tuple[str, str] | None:
    """A `context: fork` skill runs in a sub-agent of the prompt: the body is its first record, with no id of the call.

    Of two with that name the one that is not ours counts: nobody is blamed for what another may have done.
    """
    first = map(first_record, _agent_folder(path).glob("agent-*.jsonl"))
    of_prompt = [record for record in first if record and record.is_meta and record.prompt_id == invoked.prompt_id]
    loaded = [found for record in of_prompt if (found := split_rendered(record.text)) is not None]
    named = [found for found in loaded if Path(found[0]).name == invoked.skill]
    return min(named, key=lambda found: _same_folder(found[0], invoked.link), default=None)


def _read(records: list[Record], invoked: Invoked) -> _Reading:
    on_chain = _chain(records)
    results = {b.tool_use_id: b for r in records for b in r.blocks if b.type == "tool_result"}
    reading = _Reading(tool_output=[_text_of(block) for block in results.values()])
    for record in records:
        if record.uuid in on_chain:
            _add_turns(record, invoked, results, reading)
    return reading


def _chain(records: list[Record]) -> set[str]:
    """The uuids from the last record back, across compactions."""
    parents = {r.uuid: r.parent_uuid or r.logical_parent_uuid for r in records if r.uuid}
    current: str | None = next((r.uuid for r in reversed(records) if r.uuid), None)
    chain: set[str] = set()
    while current and current not in chain:
        chain.add(current)
        current = parents.get(current)
    return chain


def _add_turns(record: Record, invoked: Invoked, results: dict[str, Block], reading: _Reading) -> None:
    if record.attachment:
        _add_absorbed(record, invoked, reading)
        return
    spoken = _spoken(record)
    if spoken is not None:
        identity = reaction_id(invoked.session_id, record.prompt_id)
        reading.turns.append(Turn("human", spoken, invoked.is_pivot(record), identity))
    elif invoked.is_pivot(record) and _is_notification(record):
        reading.turns.append(Turn("tool", "a background task ended", at_invocation=True))
    elif record.type == "assistant":
        reading.turns += [turn for block in record.blocks if (turn := _agent_turn(block, invoked, results))]


def _agent_turn(block: Block, invoked: Invoked, results: dict[str, Block]) -> Turn | None:
    """The agent's words, or a tool's name and how it ended; never its output."""
    if block.type == "text" and block.text.strip():
        return Turn("assistant", block.text)
    if block.type != "tool_use":
        return None
    result = results.get(block.id)
    ended = "no result" if result is None else "failed" if result.is_error else "ok"
    return Turn("tool", f"{block.name}: {ended}", block.id == invoked.tool_use_id)


def _spoken(record: Record) -> str | None:
    """What the human typed in this record, or None."""
    if record.type != "user" or record.is_meta or record.is_compact_summary or not _is_from_human(record):
        return None
    name, arguments = _command(record)
    if name:
        return f"{name} {arguments}".strip()
    if any(block.type == "tool_result" for block in record.blocks) or not is_human(record.text):
        return None
    return record.text or None


def _is_notification(record: Record) -> bool:
    """The agent goes on by itself when a background task has ended."""
    return record.type == "user" and record.text.startswith("<task-notification>")


def _is_from_human(said: Record | Attachment) -> bool:
    """Only the TUI says where a prompt came from (seen)."""
    return said.origin is None or said.origin.kind == "human"


def _command(record: Record) -> tuple[str, str]:
    """The typed `/name` and its arguments, or two empty texts."""
    found = _COMMAND.search(record.text) if record.text.startswith(("<command-message>", "<command-name>")) else None
    return (found["name"].strip(), (found["args"] or "").strip()) if found else ("", "")


def _typed_name(record: Record) -> str:
    """The `/name` that was typed; a skill that is forked leaves the text as it was typed, without the tags."""
    first = record.text.split(maxsplit=1)[:1] if record.text.startswith("/") else []
    return _command(record)[0] or "".join(first)


def _add_absorbed(record: Record, invoked: Invoked, reading: _Reading) -> None:
    """A prompt typed while tools ran: no hook fired for it."""
    queued = record.attachment
    if queued is None or queued.type != "queued_command" or queued.command_mode != "prompt" or queued.is_meta:
        return
    text = queued.prompt if isinstance(queued.prompt, str) else "\n".join(b.text for b in queued.prompt)
    if text.strip() and is_human(text) and _is_from_human(queued):
        identity = derived_id("claude_code", invoked.session_id, "absorbed", record.uuid)
        reading.turns.append(Turn("human", text, reaction_id=identity))
        reading.absorbed.append(AbsorbedReaction(identity, text, record.at))


def _text_of(block: Block) -> str:
    match block.content:
        case str(text):
            return text
        case list(parts):
            return "\n".join(part.text for part in parts)
        case _:
            return ""
