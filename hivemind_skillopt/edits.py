"""Apply proposed edits to the body of a SKILL.md. Pure; the front matter is never touched.

One edit does what the published reference applier does (`skillopt` 0.2.0, its vectors are a test), but stricter: a
target must stand in the body exactly once. Edits are applied one after the other, each to the text the last one left.

Newlines: a model answers with LF. Where every line end of the file is CRLF, targets and contents are turned to CRLF
before they are matched and inserted, and what we add ourselves is CRLF too; where every line end is LF, contents are
turned to LF. A file that mixes both is matched byte for byte. Bytes outside an edit stay as they are.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence

from hivemind_skillopt.errors import EditRefused
from hivemind_skillopt.model import Edit, Op
from hivemind_skillopt.skill_md import SkillMd

REGION_START = "<!-- SLOW_UPDATE_START -->"
REGION_END = "<!-- SLOW_UPDATE_END -->"

_REGION = re.compile(f"{re.escape(REGION_START)}(?:.*?{re.escape(REGION_END)}|.*)|{re.escape(REGION_END)}", re.DOTALL)
"""A region without an end reaches to the end of the text; a lone end marker is protected too."""


def apply_edits(skill_md: SkillMd, edits: Sequence[Edit]) -> SkillMd:
    """The same front matter before the edited body. Raises EditRefused, which names the edit (1 is the first)."""
    for number, edit in enumerate(edits, start=1):
        try:
            skill_md = skill_md.with_body(_applied(skill_md, edit))
        except EditRefused as refusal:
            raise EditRefused(f"edit {number} ({edit.op}): {refusal}") from None
    return skill_md


def protected_regions(body: str) -> tuple[str, ...]:
    """The text of every region that only the skill's own author may change."""
    return tuple(found.group() for found in _REGION.finditer(body))


def fingerprint(edits: Sequence[Edit]) -> str:
    """The same for the same edits in any order and with any white space."""
    parts = sorted([edit.op, *_target_and_content(edit)] for edit in edits)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def inverse_of(edits: Sequence[Edit], other: Sequence[Edit]) -> bool:
    """True where an edit of the one takes back an edit of the other: the loop must not go in circles."""
    undone = {(added, removed) for removed, added in map(_change, other)}
    return any(_change(edit) in undone for edit in edits)


def _applied(skill_md: SkillMd, edit: Edit) -> str:
    target, content = _in_file_style(skill_md, edit.target or ""), _in_file_style(skill_md, edit.content or "")
    _refuse_unusable(edit, target, content)
    if edit.op is Op.APPEND:
        body = _appended(skill_md, content)
    else:
        body = _changed_at(skill_md, edit.op, _only_place(skill_md.body, target), target, content)
    if protected_regions(body) != protected_regions(skill_md.body):
        raise EditRefused("it would change the protected region SLOW_UPDATE")
    return body


def _in_file_style(skill_md: SkillMd, text: str) -> str:
    if skill_md.newline == "\r\n":
        return text.replace("\r\n", "\n").replace("\n", "\r\n")
    return text if "\r\n" in skill_md.text else text.replace("\r\n", "\n")


def _refuse_unusable(edit: Edit, target: str, content: str) -> None:
    if edit.op is not Op.APPEND and not target.strip():
        raise EditRefused("it names no target text")
    if edit.op is not Op.DELETE and not content.strip():
        raise EditRefused("it has no content")
    if edit.op is not Op.DELETE and (REGION_START in content or REGION_END in content):
        raise EditRefused("its content holds a marker of the protected region SLOW_UPDATE")
    if any("\ud800" <= char <= "\udfff" for char in content):
        raise EditRefused("its content is no valid Unicode text")


def _only_place(body: str, target: str) -> int:
    """Where the target stands. Overlapping occurrences count as two: either could be meant."""
    place = body.find(target)
    if place < 0:
        raise EditRefused(f"its target does not stand in the body: {_shown(target)}")
    if body.find(target, place + 1) >= 0:
        raise EditRefused(f"its target stands in the body more than once: {_shown(target)}")
    if any(found.start() < place + len(target) and place < found.end() for found in _REGION.finditer(body)):
        raise EditRefused("its target lies in the protected region SLOW_UPDATE")
    return place


def _shown(text: str) -> str:
    line = " ".join(text.split())
    return f"'{line}'" if len(line) <= 60 else f"'{line[:57]}...'"


def _appended(skill_md: SkillMd, content: str) -> str:
    """At the end of the body, but above a protected region that ends it."""
    body, newline = skill_md.body, skill_md.newline
    start = _final_region(body)
    kept, rest = body[:start].rstrip(), newline + body[start:] if body[start:] else ""
    gap = newline if not kept and skill_md.front.endswith("\n") else newline * 2
    return kept + gap + content + newline + rest


def _final_region(body: str) -> int:
    """Where the protected region starts that ends the body, else the end of the body."""
    regions = list(_REGION.finditer(body))
    return regions[-1].start() if regions and not body[regions[-1].end() :].strip() else len(body)


def _changed_at(skill_md: SkillMd, op: Op, place: int, target: str, content: str) -> str:
    body, newline = skill_md.body, skill_md.newline
    end = place + len(target)
    if op is not Op.INSERT_AFTER:
        return body[:place] + (content if op is Op.REPLACE else "") + body[end:]
    line_end = body.find("\n", end)
    if line_end < 0:
        return body + newline + content + newline
    return body[: line_end + 1] + newline + content + newline + body[line_end + 1 :]


def _target_and_content(edit: Edit) -> tuple[str, str]:
    """White space folded, without what the operation ignores."""
    target = "" if edit.op is Op.APPEND else " ".join((edit.target or "").split())
    content = "" if edit.op is Op.DELETE else " ".join((edit.content or "").split())
    return target, content


def _change(edit: Edit) -> tuple[str, str]:
    """(removed, added). A replacement that only adds or only removes words is told as that."""
    target, content = _target_and_content(edit)
    if edit.op is not Op.REPLACE:
        return ("", content) if edit.op is not Op.DELETE else (target, "")
    removed, added = _without_common_ends(target.split(), content.split())
    return (" ".join(removed), " ".join(added)) if not (removed and added) else (target, content)


def _without_common_ends(old: list[str], new: list[str]) -> tuple[list[str], list[str]]:
    shorter = min(len(old), len(new))
    head = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    left = shorter - head
    tail = next((i for i in range(left) if old[-1 - i] != new[-1 - i]), left)
    return old[head : len(old) - tail], new[head : len(new) - tail]
