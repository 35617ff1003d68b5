"""The rows of one session in Hermes' state.db, read from their end and without ever writing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

MAX_ROWS = 2000
MAX_CHARS = 1 << 20
MAX_TOTAL_CHARS = 16 << 20
"""Read at most, of one message and of all: a session of weeks costs no more than its tail."""

BUSY_SECONDS = 2.0

_NEWEST = f"""select id, role, substr(coalesce(content, ''), 1, {MAX_CHARS}),
substr(coalesce(tool_calls, ''), 1, {MAX_CHARS}),
coalesce(tool_call_id, ''), coalesce(tool_name, ''), coalesce(timestamp, 0) from messages
where session_id = ? and active = 1 order by id desc limit {MAX_ROWS}"""  # noqa: S608  our own two numbers
"""`active = 0`: taken back by the user, or replaced by a summary."""


class _Call(BaseModel):
    model_config = ConfigDict(extra="ignore")
    id: str = ""


_CALLS = TypeAdapter(list[_Call])


class Row(BaseModel):
    """One message."""

    model_config = ConfigDict(frozen=True, strict=True, allow_inf_nan=False)
    id: int
    role: str
    content: str
    tool_calls: str
    tool_call_id: str
    tool_name: str
    timestamp: float

    @property
    def at(self) -> int:
        """ns."""
        return int(self.timestamp * 1_000_000_000)

    @property
    def call_ids(self) -> set[str]:
        """The tool calls that an assistant's message makes."""
        try:
            return {call.id for call in _CALLS.validate_json(self.tool_calls)} if self.tool_calls else set()
        except ValidationError:
            return set()

    @property
    def failed(self) -> bool:
        """Does a tool's result say so?"""
        with suppress(ValueError, RecursionError):
            told = json.loads(self.content)
            return isinstance(told, dict) and (
                bool(told.get("error")) or told.get("success") is False or bool(told.get("exit_code"))
            )
        return False


def rows_of(path: str, session_id: str) -> list[Row]:
    """In the session's order; none where there is no such file or session. Raises OSError where it cannot be read."""
    if not Path(path).is_file():
        return []
    try:
        with closing(sqlite3.connect(_uri(path), uri=True, timeout=BUSY_SECONDS)) as connection:
            connection.text_factory = lambda data: data.decode("utf-8", "replace")
            return list(_tail(connection.execute(_NEWEST, (session_id,))))[::-1]
    except sqlite3.Error as error:
        raise OSError(str(error)) from error


def _uri(path: str) -> str:
    """Where nobody writes, a database with a log would be given new files of it by our reading alone."""
    file = str(Path(path).resolve())
    still = "" if Path(f"{file}-wal").exists() else "&immutable=1"
    return f"file:{quote(file)}?mode=ro{still}"


def _tail(newest_first: Iterable[Sequence[object]]) -> Iterator[Row]:
    """The rows that make sense: one that does not must not cost the session."""
    left = MAX_TOTAL_CHARS
    for values in newest_first:
        with suppress(ValidationError):
            row = Row.model_validate(dict(zip(Row.model_fields, values, strict=True)))
            left -= len(row.content) + len(row.tool_calls)
            if left < 0:
                return
            yield row
