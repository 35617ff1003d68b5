"""A transcript in JSON lines, read from its end: a file of 1 GB costs no more than its tail."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, model_validator

EPOCH = datetime.fromtimestamp(0, UTC)
CHUNK = 1 << 16
MAX_TAIL = 16 << 20
"""Bytes read at most."""


class Lenient(BaseModel):
    """A part of a record of which we know some fields. A null is as good as nothing there."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: object) -> object:
        return {k: v for k, v in value.items() if v is not None} if isinstance(value, dict) else value


def lines_from_end(path: Path) -> Iterator[bytes]:
    """The lines, last first, split on LF only: U+2028 and U+0085 stand raw inside records. Raises OSError."""
    with path.open("rb") as file:
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


def nanoseconds(timestamp: str) -> int:
    """Since the epoch; 0 where it is no time with a zone."""
    try:
        return (datetime.fromisoformat(timestamp) - EPOCH) // timedelta(microseconds=1) * 1000
    except (ValueError, TypeError):
        return 0
