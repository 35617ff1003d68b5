"""What a check found, told so that a person knows where to look and what to ask."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hivemind_skillopt.model import Check, Result

MOST_NAMED = 5
SHOWN_CHARS = 80


@dataclass(frozen=True, slots=True)
class Finding:
    """A piece of the body; `line` is that of the proposed file, 0 where no one line holds it."""

    line: int
    text: str


def told(name: str, what: str, look: str, found: Iterable[Finding]) -> Check:
    """A hold that names up to five findings with their lines and says what to look at; else a pass."""
    each = sorted(dict.fromkeys(found), key=lambda finding: finding.line)
    if not each:
        return Check(name, Result.PASS, "Nothing of this kind is added.")
    return Check(name, Result.HOLD, f"{_places(each)}: {what}: {_pieces(each)}. {look}")


def _places(found: Sequence[Finding]) -> str:
    lines = sorted({finding.line for finding in found if finding.line})[:MOST_NAMED]
    if not lines:
        return "The change"
    if len(lines) == 1:
        return f"Line {lines[0]}"
    return f"Lines {', '.join(map(str, lines[:-1]))} and {lines[-1]}"


def _pieces(found: Sequence[Finding]) -> str:
    pieces = list(dict.fromkeys(shown(finding.text) for finding in found))
    more = f" and {len(pieces) - MOST_NAMED} more" if len(pieces) > MOST_NAMED else ""
    return ", ".join(pieces[:MOST_NAMED]) + more


def shown(text: str) -> str:
    """A piece of text as one short quoted line."""
    line = " ".join(text.split())
    return f"'{line}'" if len(line) <= SHOWN_CHARS else f"'{line[: SHOWN_CHARS - 3]}...'"
