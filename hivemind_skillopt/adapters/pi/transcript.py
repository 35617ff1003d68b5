"""pi's session file, read from its end for one invocation.

Human turns and the agent's words count only on the branch that the last entry ends: with `/tree` the user takes the
others back, and they stay in the file. What a tool gave is found by the id of its call.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from hivemind_skillopt.adapters.pi.entries import Entry, Message, Part, entries_from_end, typed_in
from hivemind_skillopt.model import SECOND
from hivemind_skillopt.ports import Conversation, Turn

HUMAN_TURNS_BEFORE = 3
"""How far back the conversation is read: enough to see what the user wanted."""

SLACK = SECOND
"""A typed skill has no id in the file. It stands there a few ms after our extension saw it, whose clock is coarse."""


@dataclass(frozen=True, slots=True)
class Invoked:
    """The handles of an invocation: the tool call's id, else the name that was typed; and when (ns)."""

    skill: str
    at: int
    tool_use_id: str = ""
    link: str = ""

    def is_pivot(self, entry: Entry) -> bool:
        """Is this the entry in which the skill was used?"""
        if self.tool_use_id:
            return self.call_in(entry) is not None
        typed = typed_in(entry)
        return typed is not None and typed.skill == self.skill and not self.is_later_than(entry)

    def is_later_than(self, entry: Entry) -> bool:
        """Does the clock say that this entry was there before?"""
        return entry.message.timestamp * 10**6 < self.at - SLACK

    def call_in(self, entry: Entry) -> Part | None:
        """The tool call."""
        return next((part for part in _calls(entry) if part.id == self.tool_use_id), None)


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What was loaded: the body if it is known, and whether it was another skill, or none at all."""

    body: str | None
    other: bool


def read_transcript(path: str, invoked: Invoked) -> Conversation | None:
    """The conversation around the invocation; None where there is no file, or it is not in it (yet)."""
    try:
        entries = _entries_around(path, invoked)
    except OSError:
        return None
    pivot = next((entry for entry in entries if invoked.is_pivot(entry)), None)
    if pivot is None:
        return None
    results = {e.message.tool_call_id: e.message for e in entries if e.message.role == "toolResult"}
    loaded = _read(pivot, invoked, results) if invoked.tool_use_id else _typed(pivot, invoked)
    return Conversation(
        turns=tuple(turn for entry in _branch(entries) for turn in _turns(entry, pivot, invoked, results)),
        skill_body=loaded.body,
        tool_output=tuple(_tool_output(entries)),
        other_skill=loaded.other,
    )


def _entries_around(path: str, invoked: Invoked) -> list[Entry]:
    """From a few human turns before the invocation to the end, in the file's order. Of several uses the first."""
    found, before = False, 0
    entries: list[Entry] = []
    for entry in entries_from_end(path):
        entries.append(entry)
        if invoked.is_pivot(entry):
            found, before = True, 0
        elif found and typed_in(entry) and invoked.is_later_than(entry):
            before += 1
        if before >= HUMAN_TURNS_BEFORE:
            break
    return entries[::-1]


def _branch(entries: Sequence[Entry]) -> list[Entry]:
    """Those from the last entry back."""
    parents = {entry.id: entry.parent_id for entry in entries if entry.id}
    current: str | None = next((entry.id for entry in reversed(entries) if entry.id), None)
    branch: set[str] = set()
    while current and current not in branch:
        branch.add(current)
        current = parents.get(current)
    return [entry for entry in entries if entry.id in branch]


def _read(pivot: Entry, invoked: Invoked, results: dict[str, Message]) -> _Loaded:
    """By the tool `read`, whole: the file's text. Any other way to read it gives no text that could be compared."""
    call, result = invoked.call_in(pivot), results.get(invoked.tool_use_id)
    if call is None or result is None or result.is_error:
        return _Loaded(None, other=result is not None)
    whole = call.name == "read" and not call.arguments.keys() & {"offset", "limit"} and result.is_whole
    return _Loaded(result.text if whole else None, other=False)


def _typed(pivot: Entry, invoked: Invoked) -> _Loaded:
    """By `/skill:NAME`: pi says from where it took the body. A name that it does not know stays as it was typed."""
    typed = typed_in(pivot)
    if typed is None or typed.body is None:
        return _Loaded(None, other=True)
    folder = str(PurePosixPath(typed.file).parent)
    return _Loaded(typed.body, other=bool(invoked.link) and os.path.realpath(folder) != os.path.realpath(invoked.link))


def _turns(entry: Entry, pivot: Entry, invoked: Invoked, results: dict[str, Message]) -> Iterator[Turn]:
    """What a person, the agent or a tool did in this entry; never a tool's output."""
    if typed := typed_in(entry):
        yield Turn("human", typed.text, at_invocation=entry is pivot)
    elif entry.message.role == "bashExecution":
        yield Turn("tool", f"a shell command of the user: {'failed' if entry.message.exit_code else 'ok'}")
    elif entry.message.role == "assistant":
        for part in entry.message.parts:
            if part.type == "text" and part.text.strip():
                yield Turn("assistant", part.text)
            elif part.type == "toolCall":
                yield Turn("tool", f"{part.name}: {_ended(results.get(part.id))}", part.id == invoked.tool_use_id)


def _calls(entry: Entry) -> list[Part]:
    return [part for part in entry.message.parts if part.type == "toolCall"]


def _ended(result: Message | None) -> str:
    return "no result" if result is None else "failed" if result.is_error else "ok"


def _tool_output(entries: Sequence[Entry]) -> Iterator[str]:
    """What tools and the user's own shell commands printed."""
    for entry in entries:
        if entry.message.role == "toolResult":
            yield entry.message.text
        elif entry.message.role == "bashExecution":
            yield entry.message.output
