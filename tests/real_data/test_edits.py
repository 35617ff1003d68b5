"""Any accepted edit on any real SKILL.md: the front matter keeps its bytes, and the body changes in one place only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hivemind_skillopt.edits import apply_edits, protected_regions
from hivemind_skillopt.errors import EditRefused
from hivemind_skillopt.gate import refuse
from hivemind_skillopt.gate.candidate import Candidate
from hivemind_skillopt.gate.decide import run_checks
from hivemind_skillopt.gate.markdown import body_lines
from hivemind_skillopt.model import Check, Edit, Op, Result
from hivemind_skillopt.skill_md import SkillMd, front_matter, parse_skill_md
from tests.corpora import skill_files

CONTENTS = [
    "- Ask first.",
    "a\nb",
    "a\r\nb\r\n",
    "---\nname: other\n---",
    "\ufeffx",
    "é \U0001f600",
    "```\nx\n```",
    "$1 \\1",
]


@cache
def skills() -> tuple[tuple[str, SkillMd], ...]:
    return tuple((path.name, parse_skill_md(path.read_bytes())) for path in skill_files())


def targets(skill_md: SkillMd, chance: Random, count: int) -> list[str]:
    """Lines of the file itself, from the front matter too."""
    lines = [line for line in skill_md.text.split("\n") if line.strip()]
    return chance.sample(lines, min(count, len(lines)))


def edited(skill_md: SkillMd, edit: Edit) -> SkillMd | None:
    try:
        return apply_edits(skill_md, [edit])
    except EditRefused:
        return None


def in_style(skill_md: SkillMd, text: str) -> bytes:
    """What the applier promises about line ends."""
    if skill_md.newline == "\r\n":
        return re.sub("\r?\n", "\r\n", text).encode()
    return (text if "\r\n" in skill_md.text else text.replace("\r\n", "\n")).encode()


def expected(before: SkillMd, edit: Edit) -> bytes:
    """The whole file by plain byte surgery, without the applier."""
    data, newline = before.data, before.newline.encode()
    content, target = in_style(before, edit.content or ""), in_style(before, edit.target or "")
    if edit.op is Op.APPEND:
        kept = before.front.encode() + before.body.rstrip().encode()
        gap = newline if not before.body.strip() and before.front.endswith("\n") else newline * 2
        return kept + gap + content + newline
    start = data.index(target, len(before.front.encode()))
    end = start + len(target)
    if edit.op is not Op.INSERT_AFTER:
        return data[:start] + (content if edit.op is Op.REPLACE else b"") + data[end:]
    line_end = data.find(b"\n", end) + 1
    if not line_end:
        return data + newline + content + newline
    return data[:line_end] + newline + content + newline + data[line_end:]


def problems(name: str, before: SkillMd, edit: Edit) -> Iterator[str]:
    """What is wrong with the outcome of one edit; nothing where it was refused."""
    after = edited(before, edit)
    if after is None:
        return
    if not after.data.startswith(before.front.encode()) or after.front != before.front:
        yield f"{name}: front matter changed by {edit}"
    if not protected_regions(before.body) and after.data != expected(before, edit):
        yield f"{name}: changed elsewhere by {edit}"
    if is_false_alarm(refuse.front_matter_unchanged(Candidate(before.data, after.data)), before, after):
        yield f"{name}: front_matter_unchanged refuses {edit}"


def is_false_alarm(check: Check, before: SkillMd, after: SkillMd) -> bool:
    """The only just one: a file without (closed) front matter got one, because the added text brought the fence."""
    return check.result is not Result.PASS and parse_skill_md(after.data).front == before.front


def test_every_operation_on_every_file() -> None:
    tried = applied = 0
    for name, before in skills():
        chance = Random(name)
        edits = [Edit(Op.APPEND, None, content) for content in chance.sample(CONTENTS, 3)]
        for target in targets(before, chance, 4):
            content = chance.choice(CONTENTS)
            edits += [Edit(op, target, content) for op in (Op.INSERT_AFTER, Op.REPLACE, Op.DELETE)]
        for edit in edits:
            assert list(problems(name, before, edit)) == []
            tried += 1
            applied += edited(before, edit) is not None
    assert tried > 8_000
    assert applied > 0.7 * tried


@pytest.mark.parametrize(
    "feature", ["crlf", "bom", "no final newline", "rule in the body", "no front matter", "bad yaml"]
)
def test_the_corpus_has_the_odd_ones(feature: str) -> None:
    """The tests above would prove little without them."""
    has = {
        "crlf": lambda md: md.newline == "\r\n",
        "bom": lambda md: md.text.startswith("\ufeff"),
        "no final newline": lambda md: not md.text.endswith("\n"),
        "rule in the body": lambda md: bool(md.yaml_at) and re.search(r"^---\s*$", md.body, re.M) is not None,
        "no front matter": lambda md: md.yaml_at is None,
        "bad yaml": lambda md: bool(md.yaml_at) and front_matter(md) is None,
    }[feature]
    assert any(has(skill_md) for _, skill_md in skills())


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_content_at_any_place(data: st.DataObject) -> None:
    name, before = data.draw(st.sampled_from(skills()))
    at = data.draw(st.integers(0, max(0, len(before.text) - 1)))
    target = before.text[at : at + data.draw(st.integers(1, 120))]
    edit = Edit(data.draw(st.sampled_from(Op)), target, data.draw(st.text(max_size=60) | st.sampled_from(CONTENTS)))
    assert list(problems(name, before, edit)) == []


def test_the_whole_gate_on_every_file() -> None:
    """As `check` asks it, knowing no edits: a plain rule is refused only where the body was full before."""
    rule = Edit(Op.APPEND, None, "Dry the spoon first.")
    for name, before in skills():
        after = apply_edits(before, [rule])
        found = run_checks(Candidate(before.data, after.data))
        refused = {check.name for check in found if check.result is Result.REFUSE}
        held = {check.name for check in found if check.result is Result.HOLD}
        full = len(after.body.split()) > refuse.MAX_BODY_WORDS
        assert refused <= ({"body_words"} if full else set()), (name, refused)
        assert held <= ({"shell_command"} if ends_in_code(before) else set()), (name, held)


def ends_in_code(skill_md: SkillMd) -> bool:
    """A fence is left open: what is appended is code of its language."""
    return list(body_lines(skill_md.body + "\nx"))[-1].language is not None


def test_a_change_of_any_front_matter_byte_is_seen() -> None:
    for name, before in skills():
        if before.yaml:
            at = Random(name).randrange(*before.yaml_at or (0, 0))
            changed = f"{before.text[:at]}~{before.text[at:]}".encode()
            assert refuse.front_matter_unchanged(Candidate(before.data, changed)).result is Result.REFUSE, name
