"""The records of a Claude Code transcript, and reading them from the file's end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

EPOCH = datetime.fromtimestamp(0, UTC)
CHUNK = 1 << 16
MAX_TAIL = 16 << 20
"""Bytes read at most: a transcript of 1 GB costs no more than its tail."""


class _Lenient(BaseModel):
    """A null is as good as nothing there."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: object) -> object:
        return {k: v for k, v in value.items() if v is not None} if isinstance(value, dict) else value


class Block(_Lenient):
    """One content block; the fields of all kinds that we read."""

    type: str = ""
    text: str = ""
    id: str = ""
    name: str = ""
    tool_use_id: str = ""
    is_error: bool | None = None
    content: str | list[Block] | dict[str, object] | None = None


class Message(_Lenient):
    """What was said."""

    content: str | list[Block] = ""


class Kind(_Lenient):
    """Where a prompt came from."""

    kind: str = ""


class Attachment(_Lenient):
    """Of interest: `queued_command`, a prompt typed while tools ran."""

    type: str = ""
    prompt: str | list[Block] = ""
    command_mode: str = Field("", alias="commandMode")
    is_meta: bool = Field(False, alias="isMeta")
    origin: Kind | None = None


class Link(_Lenient):
    """What makes the chain."""

    uuid: str = ""
    parent_uuid: str | None = Field(None, alias="parentUuid")
    logical_parent_uuid: str | None = Field(None, alias="logicalParentUuid")


class Record(_Lenient):
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
        try:
            return (datetime.fromisoformat(self.timestamp) - EPOCH) // timedelta(microseconds=1) * 1000
        except (ValueError, TypeError):
            return 0


def records_from_end(path: str) -> Iterator[Record]:
    """The records, last first. Lines that are no record (half-written, foreign) are left out."""
    with Path(path).open("rb") as file:
        for line in _lines_from_end(file):
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


def _lines_from_end(file: BinaryIO) -> Iterator[bytes]:
    """Split on LF only: U+2028 and U+0085 stand raw inside records."""
    position = file.seek(0, os.SEEK_END)
    lowest = max(0, position - MAX_TAIL)
    rest = b""
    while position > lowest:
        start = max(lowest, position - CHUNK)
        file.seek(start)
        lines = (file.read(position - start) + rest).split(b"\n")
        position, rest = start, lines[0]
        yield from (line for line in reversed(lines[1:]) if line)
    if rest and position == 0:
        yield rest
