from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivemind_skillopt.edits import REGION_END, REGION_START, apply_edits, fingerprint, inverse_of, protected_regions
from hivemind_skillopt.errors import EditRefused
from hivemind_skillopt.model import Edit, Op
from hivemind_skillopt.skill_md import parse_skill_md

HEAD = "---\nname: s\n---\n"
REGION = f"{REGION_START}\nmine\n{REGION_END}"


def edited(text: str, *edits: Edit) -> str:
    return apply_edits(parse_skill_md(text.encode()), edits).text


def refusal(text: str, *edits: Edit) -> str:
    with pytest.raises(EditRefused) as caught:
        edited(text, *edits)
    return str(caught.value)


def test_multi_line_target_and_content_follow_a_crlf_file():
    text = (HEAD + "a\nb\nc\n").replace("\n", "\r\n")
    assert edited(text, Edit(Op.REPLACE, "a\nb", "x\ny")) == (HEAD + "x\ny\nc\n").replace("\n", "\r\n")


def test_a_mixed_file_is_matched_byte_for_byte():
    assert "stands in the body" not in edited(HEAD + "a\r\nb\n", Edit(Op.DELETE, "a\r\n", None))
    assert "does not stand" in refusal(HEAD + "a\r\nb\n", Edit(Op.DELETE, "a\nb", None))


def test_edits_are_applied_one_after_the_other_and_a_refusal_names_the_edit():
    first = Edit(Op.APPEND, None, "new rule")
    assert "better rule" in edited(HEAD + "old\n", first, Edit(Op.REPLACE, "new rule", "better rule"))
    assert refusal(HEAD + "old\n", first, Edit(Op.DELETE, "gone", None)).startswith("edit 2 (delete): its target does")


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (Edit(Op.DELETE, "", None), "no target"),
        (Edit(Op.REPLACE, None, "x"), "no target"),
        (Edit(Op.INSERT_AFTER, " \n", "x"), "no target"),
        (Edit(Op.APPEND, None, ""), "no content"),
        (Edit(Op.REPLACE, "one", "  "), "no content"),
        (Edit(Op.INSERT_AFTER, "one", None), "no content"),
        (Edit(Op.DELETE, "aa", None), "more than once"),  # overlapping: aaa
        (Edit(Op.DELETE, "name: s", None), "does not stand"),  # front matter is out of reach
        (Edit(Op.APPEND, None, "\ud800"), "no valid Unicode"),
        (Edit(Op.APPEND, None, REGION_START), "marker"),
        (Edit(Op.DELETE, "mine", None), "protected region"),
        (Edit(Op.REPLACE, f"three\n{REGION_START}", "x"), "protected region"),
        (Edit(Op.INSERT_AFTER, "four", "x"), "protected region"),
        (Edit(Op.INSERT_AFTER, "mine", "x"), "protected region"),
        (Edit(Op.INSERT_AFTER, f"hers\n{REGION_END}", "x"), "lies in the protected region"),
    ],
)
def test_refused(edit: Edit, why: str):
    body = f"one\naaa\nthree\n{REGION}\nfour {REGION.replace('mine', 'hers')}\nend\n"
    assert why in refusal(HEAD + body, edit)


def test_a_deletion_may_not_put_a_marker_together():
    assert "protected region" in refusal(HEAD + "<!-- SLOW_XUPDATE_START -->\ntext\n", Edit(Op.DELETE, "X", None))


def test_append_goes_above_a_region_that_ends_the_body():
    assert edited(f"{HEAD}rule\n\n{REGION}\n", Edit(Op.APPEND, None, "new")) == f"{HEAD}rule\n\nnew\n\n{REGION}\n"
    assert edited(f"{HEAD}{REGION}\nrule\n", Edit(Op.APPEND, None, "new")) == f"{HEAD}{REGION}\nrule\n\nnew\n"


def test_append_to_an_empty_body():
    assert edited(HEAD, Edit(Op.APPEND, None, "new")) == HEAD + "\nnew\n"


def test_fingerprint_folds_order_white_space_and_what_an_operation_ignores():
    a, b = Edit(Op.APPEND, None, "be  kind\n"), Edit(Op.DELETE, "x", None)
    assert fingerprint([a, b]) == fingerprint([Edit(Op.DELETE, "x", "junk"), Edit(Op.APPEND, "junk", "be kind")])
    assert fingerprint([a]) != fingerprint([b])
    assert fingerprint([Edit(Op.REPLACE, "a b", "c")]) != fingerprint([Edit(Op.REPLACE, "a", "b c")])


@pytest.mark.parametrize(
    ("edit", "other", "inverse"),
    [
        (Edit(Op.REPLACE, "x", "y"), Edit(Op.REPLACE, "y", "x"), True),
        (Edit(Op.APPEND, None, "x  y"), Edit(Op.DELETE, "x y\n", None), True),
        (Edit(Op.DELETE, "x", None), Edit(Op.INSERT_AFTER, "z", "x"), True),
        (Edit(Op.REPLACE, "use a", "use a and b"), Edit(Op.DELETE, "and b", None), True),
        (Edit(Op.REPLACE, "x", "y"), Edit(Op.REPLACE, "x", "y"), False),
        (Edit(Op.APPEND, None, "x"), Edit(Op.APPEND, None, "x"), False),
        (Edit(Op.REPLACE, "wait 2 s", "wait 3 s"), Edit(Op.REPLACE, "try 3 times", "try 2 times"), False),
    ],
)
def test_inverse(edit: Edit, other: Edit, inverse: bool):
    assert inverse_of([edit], [other]) is inverse
    assert inverse_of([other], [edit]) is inverse
    assert not inverse_of([], [other])


PIECES = st.sampled_from(["a", "rule", "\n", "\r\n", " ", "---", REGION_START, REGION_END, "é", "name: s", ""])
TEXTS = st.lists(PIECES, max_size=12).map("".join)
EDITS = st.lists(st.builds(Edit, st.sampled_from(Op), st.none() | TEXTS, st.none() | TEXTS), max_size=3)


@given(st.sampled_from([HEAD, HEAD.replace("\n", "\r\n"), "", "\ufeff" + HEAD]), TEXTS, EDITS)
def test_no_edit_ever_touches_the_front_matter_or_a_protected_region(front: str, body: str, edits: list[Edit]):
    skill_md = parse_skill_md((front + body).encode())
    try:
        result = apply_edits(skill_md, edits)
    except EditRefused:
        return
    assert result.front == skill_md.front
    assert protected_regions(result.body) == protected_regions(skill_md.body)
    if skill_md.newline == "\r\n" and edits:
        assert result.text.count("\n") == result.text.count("\r\n")
