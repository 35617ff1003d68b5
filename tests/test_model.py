"""References and the identity of a version."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivemind_skillopt.errors import SkillInvalid
from hivemind_skillopt.model import SkillFile, SkillFolder, SkillRef


@pytest.mark.parametrize(
    ("text", "name", "author"),
    [("deploy--alice", "deploy", "alice"), ("deploy--blue-green--bob", "deploy--blue-green", "bob")],
)
def test_a_reference_splits_at_the_last_dashes(text: str, name: str, author: str) -> None:
    ref = SkillRef.parse(text)
    assert (ref.name, ref.author, str(ref)) == (name, author, text)


@pytest.mark.parametrize(
    "text",
    ["", "x", "--alice", "deploy--", "Deploy--alice", "a/b--c", "..--x", "a---b", "a--b\n", "é--a", "x" * 61 + "--al"],
)
def test_what_is_no_reference(text: str) -> None:
    with pytest.raises(SkillInvalid):
        SkillRef.parse(text)


FILES = st.lists(st.tuples(st.text("abc/", min_size=1), st.binary(max_size=5), st.booleans()), unique_by=lambda f: f[0])


@given(FILES, st.randoms())
def test_the_identity_does_not_depend_on_the_order(files: list[tuple[str, bytes, bool]], random: object) -> None:
    made = [SkillFile(*file) for file in files]
    shuffled = list(made)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert SkillFolder(tuple(made)).content_sha256 == SkillFolder(tuple(shuffled)).content_sha256


def test_the_identity_sees_paths_modes_and_bytes() -> None:
    base = SkillFile("SKILL.md", b"x")
    others = [SkillFile("b.md", b"x"), SkillFile("SKILL.md", b"y"), SkillFile("SKILL.md", b"x", executable=True)]
    shas = {SkillFolder((file,)).content_sha256 for file in (base, *others)}
    assert len(shas) == 4


def test_names_in_both_unicode_forms_are_one() -> None:
    composed, decomposed = SkillFile("caf\u00e9.md", b"x"), SkillFile("cafe\u0301.md", b"x")
    assert SkillFolder((composed,)).content_sha256 == SkillFolder((decomposed,)).content_sha256
