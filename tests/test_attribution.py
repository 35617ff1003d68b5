"""The attribution row and its bucket, which must agree with the original system's rows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivemind_skillopt.attribution import ab_bucket, attribution
from hivemind_skillopt.model import ActiveSkill, SkillRef

PUBLISHED_FNV1A_32 = {"": 0x811C9DC5, "a": 0xE40C292C, "foobar": 0xBF9CF968}
"""Test vectors of the FNV authors; for ASCII the UTF-16 units are the bytes."""


@pytest.mark.parametrize("text", PUBLISHED_FNV1A_32)
def test_the_bucket_is_fnv_1a(text: str) -> None:
    unsigned = PUBLISHED_FNV1A_32[text]
    signed = unsigned - (1 << 32) if unsigned >> 31 else unsigned
    assert ab_bucket(text) == abs(signed) % 2


@given(st.text())
def test_the_bucket_is_0_or_1_for_any_text(text: str) -> None:
    assert ab_bucket(text) in (0, 1)


def test_both_buckets_occur() -> None:
    assert {ab_bucket(f"session-{n}") for n in range(50)} == {0, 1}


def test_skills_are_sorted_and_each_stands_once() -> None:
    skills = [ActiveSkill(SkillRef(name, "bob"), 1, "s") for name in ("b", "a", "b")]
    row = attribution(
        org="o", harness="h", session_id="s", skills=skills, user="u", workspace="w", project="p", started_at=1
    )
    assert [skill.ref.name for skill in row.skills] == ["a", "b"]


def test_one_id_per_session_of_an_org_and_harness() -> None:
    def row_id(org: str, harness: str, session: str) -> str:
        return attribution(
            org=org, harness=harness, session_id=session, skills=[], user="u", workspace="w", project="p", started_at=1
        ).id

    assert row_id("o", "h", "s") == row_id("o", "h", "s")
    assert len({row_id("o", "h", "s"), row_id("o2", "h", "s"), row_id("o", "h2", "s"), row_id("o", "h", "s2")}) == 4
