"""Nanoseconds since the epoch as the ISO-8601 UTC text of the original's columns, and back, exactly."""

from __future__ import annotations

from datetime import UTC, datetime

from hivemind_skillopt.model import SECOND

_SECONDS = slice(0, 19)
_FRACTION = slice(20, 29)


def to_iso(at: int) -> str:
    """`2026-01-02T03:04:05.000000006Z`: always nine digits, so that text order is time order."""
    seconds, rest = divmod(at, SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat()[_SECONDS]}.{rest:09d}Z"


def from_iso(text: str) -> int:
    """ns of what `to_iso` wrote. Raises ValueError."""
    seconds = int(datetime.fromisoformat(text[_SECONDS]).replace(tzinfo=UTC).timestamp())
    return seconds * SECOND + int(text[_FRACTION])
