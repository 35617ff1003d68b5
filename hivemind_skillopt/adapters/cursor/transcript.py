"""Cursor's transcript, as far as others have described it: Cursor documents no layout, and none was recorded here.

One JSON object a line, `{"role": ..., "message": {"content": [blocks]}}`, the user's words inside `<user_query>`, no
times, no tool results, perhaps no ids. So it is read tolerantly: where the use of the skill is not found, there is no
conversation, and the verdict is `unclear` instead of a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError, field_validator

from hivemind_skillopt.adapters.jsonl_tail import Lenient, lines_from_end
from hivemind_skillopt.judgment_window import JudgmentWindow
from hivemind_skillopt.model import Provenance, SkillRef
from hivemind_skillopt.ports import Conversation, Turn

HUMAN_TURNS_BEFORE = 3
"""How far back the conversation is read: enough to see what the user wanted."""

_QUERY = re.compile(r"<user_query>(.*?)</user_query>", re.S)
"""Around it stands what Cursor adds by itself."""


class _Block(Lenient):
    type: str = ""
    text: str = ""
    id: str = ""
    name: str = ""
    input: object = None


class _Message(Lenient):
    content: tuple[_Block, ...] = ()

    @field_validator("content", mode="before")
    @classmethod
    def _blocks(cls, value: object) -> object:
        return [{"type": "text", "text": value}] if isinstance(value, str) else value


class _Line(Lenient):
    role: str
    message: _Message


def read_transcript(window: JudgmentWindow) -> Conversation | None:
    """From a few human turns before the use to the end; None where the use is not found."""
    turns: list[Turn] = []
    before, found = 0, False
    try:
        for turn in _turns_from_end(window):
            turns.append(turn if not found else Turn(turn.who, turn.text))
            found = found or turn.at_invocation
            before += found and turn.who == "human"
            if before > HUMAN_TURNS_BEFORE:
                break
    except OSError:
        return None
    return Conversation(tuple(reversed(turns))) if found else None


def _turns_from_end(window: JudgmentWindow) -> Iterator[Turn]:
    for data in lines_from_end(Path(window.transcript_path)):
        try:
            line = _Line.model_validate_json(data)
        except ValidationError:
            continue
        for block in reversed(line.message.content):
            if turn := _turn(line.role, block, window):
                yield turn


def _turn(role: str, block: _Block, window: JudgmentWindow) -> Turn | None:
    """Who said what, or which tool was called; a tool's input and output are nobody's turn."""
    match role, block.type:
        case "user", "text":
            query = _QUERY.search(block.text)
            text = (query[1] if query else block.text).strip()
            return Turn("human", text, _types(text, window)) if text else None
        case "assistant", "text" if block.text.strip():
            return Turn("assistant", block.text)
        case "assistant", "tool_use":
            return Turn("tool", block.name, _reads(block, window))
        case _:
            return None


def _types(text: str, window: JudgmentWindow) -> bool:
    """Is this the prompt that used the skill by its name?"""
    typed = window.invocation.provenance is Provenance.SLASH
    return typed and text.split(maxsplit=1)[0] == f"/{window.invocation.ref}"


def _reads(block: _Block, window: JudgmentWindow) -> bool:
    """Is this the call that read the skill? By its id, else by the path in its input."""
    if block.id and window.tool_use_id:
        return block.id == window.tool_use_id
    return window.invocation.provenance is Provenance.PATH and _names(block.input, window.invocation.ref)


def _names(given: object, ref: SkillRef) -> bool:
    texts = given.values() if isinstance(given, dict) else ()
    return any(isinstance(text, str) and f"{ref}/SKILL.md" in text for text in texts)
