"""The entries of a pi session file: one line each, a tree by `parentId` (contract 4)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, ValidationError

from hivemind_skillopt.adapters.jsonl_tail import Lenient, lines_from_end
from hivemind_skillopt.adapters.pi.payload import COMMAND, as_typed

_EXPANDED = re.compile(
    r'<skill name="(?P<name>[^"\n]+)" location="(?P<file>[^"\n]+)">\n(?:References are relative to [^\n]*\n\n)?'
    r"(?P<body>.*?)\n</skill>(?:\n\n(?P<words>.+))?",
    re.S,
)
"""pi's own way to find such a block again (`parseSkillBlock`); the program puts it where `/skill:NAME words` was."""


class Part(Lenient):
    """One part of a message; the fields of all kinds that we read."""

    type: str = ""
    text: str = ""
    id: str = ""
    name: str = ""
    arguments: dict[str, object] = Field(default_factory=dict)


class Message(Lenient):
    """What was said, by whom (`role`). `timestamp` in ms."""

    role: str = ""
    content: str | list[Part] = ""
    timestamp: int = 0
    tool_call_id: str = Field("", alias="toolCallId")
    is_error: bool = Field(False, alias="isError")
    details: object = None
    output: str = ""
    exit_code: int | None = Field(None, alias="exitCode")

    @property
    def parts(self) -> list[Part]:
        """The content as parts."""
        return [Part(type="text", text=self.content)] if isinstance(self.content, str) else self.content

    @property
    def text(self) -> str:
        """All text parts together."""
        return "\n".join(part.text for part in self.parts if part.type == "text")

    @property
    def is_whole(self) -> bool:
        """Was nothing cut off? Where pi shortens what a tool says, the details tell."""
        return not (isinstance(self.details, dict) and "truncation" in self.details)


class Link(Lenient):
    """What makes the tree."""

    id: str = ""
    parent_id: str | None = Field(None, alias="parentId")


class Entry(Link):
    """One line."""

    type: str = ""
    message: Message = Field(default_factory=lambda: Message.model_validate({}))


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person typed: all of it, and the skill that it names; `file` and `body` where pi put that skill there."""

    text: str
    skill: str = ""
    file: str = ""
    body: str | None = None


def entries_from_end(path: str) -> Iterator[Entry]:
    """The entries, last first. Lines that are none (half-written, foreign) are left out. Raises OSError."""
    for line in lines_from_end(Path(path)):
        entry = _entry(line)
        if entry is not None:
            yield entry


def _entry(line: bytes) -> Entry | None:
    """An entry with a part that we do not know keeps its place in the tree."""
    with suppress(ValidationError):
        return Entry.model_validate_json(line)
    with suppress(ValidationError):
        return Entry(**dict(Link.model_validate_json(line)))
    return None


def typed_in(entry: Entry) -> Typed | None:
    """What the person typed in this entry, the skill's text taken out again; None where it is no person's."""
    if entry.type != "message" or entry.message.role != "user":
        return None
    if block := _EXPANDED.fullmatch(entry.message.text):
        words = (block["words"] or "").strip()
        return Typed(f"/skill:{block['name']} {words}".strip(), block["name"], block["file"], block["body"])
    text = as_typed(entry.message.text)
    command = COMMAND.fullmatch(text)
    return Typed(text, command["skill"] if command else "") if text else None
