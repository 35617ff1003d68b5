"""The line that tells a person which skills have changed. Pure.

It quotes the skill, not the proposal's reason: the skill's text has passed the gate or a person, and the agent reads it
anyway; the reason is a model's prose that nobody has looked at (docs/decisions/0027).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hivemind_skillopt.model import SkillRef, nfc
from hivemind_skillopt.pull.report import shortened

MAX_QUOTE = 100
"""Characters: what is left of a terminal's line, about."""


MARKUP = ("#", "```", "~~~", "<!--")

LIST_MARKS = re.compile(r"\A\s*(?:(?:[#>*+-]{1,6}|\d{1,3}[.)])\s+){0,6}")


@dataclass(frozen=True, slots=True)
class Untold:
    """A skill that is at another version here than the person knows. `reverts`: the version that it went back to."""

    ref: SkillRef
    before: int
    after: int
    reverts: int | None


def merged(earlier: Sequence[Untold], news: Sequence[Untold]) -> tuple[Untold, ...]:
    """What was not told yet, and what came now: one of each skill, sorted."""
    known = {one.ref: one for one in earlier}
    for one in news:
        before = known[one.ref].before if one.ref in known else one.before
        known[one.ref] = Untold(one.ref, before, one.after, one.reverts)
    return tuple(known[ref] for ref in sorted(known))


def notice(untold: Sequence[Untold], what: str = "") -> bytes:
    """The bytes that a recorder prints: one JSON object on one line, ASCII. `what` is about the only one."""
    return json.dumps({"systemMessage": _line(untold, what)}).encode() + b"\n"


def _line(untold: Sequence[Untold], what: str) -> str:
    if len(untold) == 1:
        (one,) = untold
        return f"{_at(one)}{': ' if what else ''}{what}; hivemind-skillopt blame {one.ref}"
    return f"{len(untold)} skills changed: {shortened([_at(one) for one in untold])}; hivemind-skillopt list"


def _at(one: Untold) -> str:
    return f"{one.ref} v{one.after}"


def what_changed(before: str, after: str) -> str:
    """The first line that SKILL.md now has, or has no more, in quotes."""
    from hivemind_skillopt.gate.line_diff import line_diff

    diff = line_diff(before, after)
    if added := _telling(line.text for line in diff.added):
        return f'"{added}"'
    if removed := _telling(line.text for line in diff.removed):
        return f'no more "{removed}"'
    return "spaces or marks in SKILL.md" if before != after else "files beside SKILL.md"


def _telling(lines: Iterable[str]) -> str:
    """The first line with words that is no heading, fence or comment; one of these where there is nothing else."""
    worded = [line for line in lines if any(map(str.isalpha, line))]
    line = next((line for line in worded if not line.lstrip().startswith(MARKUP)), worded[0] if worded else "")
    return quotable(LIST_MARKS.sub("", line))


def quotable(text: str) -> str:
    """A stranger's text inside quotes: one short line, without secrets, invisible characters and other quotes."""
    from hivemind_skillopt.redaction import redact

    seen = "".join(char for char in nfc(text) if char.isprintable() or char.isspace())
    told = " ".join(redact(seen).split()).replace('"', "'")
    return told if len(told) <= MAX_QUOTE else told[: MAX_QUOTE - 1].rstrip() + "\u2026"
