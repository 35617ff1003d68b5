"""The records of a Claude Code transcript, and reading them from the file's end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pydantic import Field, ValidationError

from hivemind_skillopt.adapters.jsonl_tail import MAX_TAIL, Lenient, lines_from_end, nanoseconds


class Block(Lenient):
    """One content block; the fields of all kinds that we read."""

    type: str = ""
    text: str = ""
    id: str = ""
    name: str = ""
    tool_use_id: str = ""
    is_error: bool | None = None
    content: str | list[Block] | dict[str, object] | None = None


class Message(Lenient):
    """What was said."""

    content: str | list[Block] = ""


class Kind(Lenient):
    """Where a prompt came from."""

    kind: str = ""


class Attachment(Lenient):
    """Of interest: `queued_command`, a prompt typed while tools ran."""

    type: str = ""
    prompt: str | list[Block] = ""
    command_mode: str = Field("", alias="commandMode")
    is_meta: bool = Field(False, alias="isMeta")
    origin: Kind | None = None


class Link(Lenient):
    """What makes the chain."""

    uuid: str = ""
    parent_uuid: str | None = Field(None, alias="parentUuid")
    logical_parent_uuid: str | None = Field(None, alias="logicalParentUuid")


class Record(Lenient):
    """One line."""

    type: str = ""
    uuid: str = ""
    parent_uuid: str | None = Field(None, alias="parentUuid")
    logical_parent_uuid: str | None = Field(None, alias="logicalParentUuid")
    is_sidechain: bool = Field(False, alias="isSidechain")
    is_meta: bool = Field(False, alias="isMeta")
    is_compact_summary: bool = Field(False, alias="isCompactSummary")
    prompt_id: str = Field("", alias="promptId")
    source_tool_use_id: str = Field("", alias="sourceToolUseID")
    timestamp: str = ""
    origin: Kind | None = None
    message: Message | None = None
    attachment: Attachment | None = None

    @property
    def blocks(self) -> list[Block]:
        """The content as blocks."""
        content = self.message.content if self.message else ""
        return [Block(type="text", text=content)] if isinstance(content, str) else content

    @property
    def text(self) -> str:
        """All text blocks together."""
        return "\n".join(block.text for block in self.blocks if block.type == "text")

    @property
    def at(self) -> int:
        """The timestamp in ns; 0 where it is none."""
        return nanoseconds(self.timestamp)


def records_from_end(path: str) -> Iterator[Record]:
    """The records, last first. Lines that are no record (half-written, foreign) are left out."""
    for line in lines_from_end(Path(path)):
        record = _record(line)
        if record is not None:
            yield record


def first_record(path: Path) -> Record | None:
    """The record on the file's first line; None where that is none."""
    with path.open("rb") as file:
        return _record(file.readline(MAX_TAIL))


def _record(line: bytes) -> Record | None:
    """A record with a part that we do not know keeps its place in the chain."""
    with suppress(ValidationError):
        return Record.model_validate_json(line)
    with suppress(ValidationError):
        return Record(**dict(Link.model_validate_json(line)))
    return None
