"""A secret in a change is refused, and no check's words hold a piece of it: they are stored and shown."""

from __future__ import annotations

import pytest

from hivemind_skillopt.edits import apply_edits
from hivemind_skillopt.gate.candidate import Candidate, Evidence
from hivemind_skillopt.gate.decide import decision, run_checks
from hivemind_skillopt.model import Check, Edit, Op, Result, SkillRef
from hivemind_skillopt.skill_md import parse_skill_md
from tests.harness.planted_secrets import KINDS, found_in, plant

SKILL = "---\nname: deploy--alice\ndescription: d\n---\n\n# Deploy\n\n1. Build.\n2. Deploy it to production.\n"
LINE = "2. Deploy it to production."
PLANTED = plant("edit")


def checked(skill: str, edit: Edit) -> tuple[Check, ...]:
    after = apply_edits(parse_skill_md(skill.encode()), [edit]).data
    said = Evidence(("always ask first which environment",), (), (f"use {PLANTED}",))
    return run_checks(Candidate(skill.encode(), after, (edit,), SkillRef("deploy", "alice"), evidence=said))


def pieces(checks: tuple[Check, ...]) -> set[str]:
    return found_in("\n".join(check.message for check in checks).encode(), PLANTED.needles)


@pytest.mark.parametrize("kind", KINDS)
def test_in_what_is_added(kind: str):
    checks = checked(
        SKILL, Edit(Op.REPLACE, LINE, f"2. Always ask first which environment, then {PLANTED.texts[kind]}")
    )
    assert decision(checks) is Result.REFUSE
    assert [check.name for check in checks if check.result is Result.REFUSE] == ["secret"]
    assert pieces(checks) == set()


@pytest.mark.parametrize("kind", KINDS)
def test_in_what_goes(kind: str):
    """No reason to refuse: a person may see it go. But it is not told on."""
    line = f"2. Never deploy without asking, and use {PLANTED.texts[kind]}"
    checks = checked(SKILL.replace(LINE, line), Edit(Op.REPLACE, line, LINE))
    assert decision(checks) is Result.HOLD
    assert pieces(checks) == set()


def test_without_one_the_words_are_shown():
    checks = checked(SKILL, Edit(Op.REPLACE, LINE, "2. Upload it to paste.example.net."))
    assert "paste.example.net" in " ".join(check.message for check in checks)
