from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivemind_skillopt.edits import REGION_END, REGION_START, apply_edits, fingerprint
from hivemind_skillopt.errors import EditRefused
from hivemind_skillopt.gate import refuse
from hivemind_skillopt.gate.candidate import Candidate, CheckFunction
from hivemind_skillopt.gate.decide import BUILT_IN_CHECKS, decision, run_checks
from hivemind_skillopt.gate.line_diff import line_diff
from hivemind_skillopt.model import Edit, Op, Result, SkillRef
from hivemind_skillopt.skill_md import parse_skill_md
from tests.corpora import rows

HEAD = "---\nname: tidy--ann\ndescription: Keep things tidy.\n---\n"
BEFORE = HEAD + "# Tidy\n\nPut the spoon back.\n"
RULE = Edit(Op.APPEND, None, "Dry the spoon first.")


def candidate(after: str, before: str = BEFORE, **known: object) -> Candidate:
    return Candidate(before.encode(), after.encode(), **known)


def proposed(*edits: Edit, before: str = BEFORE, **known: object) -> Candidate:
    after = apply_edits(parse_skill_md(before.encode()), edits)
    return Candidate(before.encode(), after.data, edits=edits, **known)


def test_a_small_good_edit_passes_every_check():
    checks = run_checks(proposed(RULE, ref=SkillRef("tidy", "ann"), confidence=0.9))
    assert [check.name for check in checks if check.result is not Result.PASS] == []
    assert [check.name for check in checks] == [function.__name__ for function in BUILT_IN_CHECKS]


REFUSED = [
    (refuse.parent_is_head, proposed(RULE, parent_is_head=False), "newer version"),
    (refuse.front_matter_unchanged, candidate(BEFORE.replace("Keep", "Hold")), "front matter"),
    (refuse.front_matter_unchanged, candidate(BEFORE.replace("---\n#", "--- \n#")), "front matter"),
    (refuse.body_changed, candidate(BEFORE), "same as before"),
    (refuse.body_not_empty, candidate(HEAD + " \n"), "empty"),
    (refuse.edit_count, candidate(BEFORE + "x\n", edits=()), "0 edits"),
    (refuse.edit_count, proposed(*(Edit(Op.APPEND, None, f"rule {n}") for n in range(4))), "4 edits"),
    (refuse.edit_count, candidate(BEFORE + "x\n", edits=(Edit(Op.DELETE, "o", None),)), "more than once"),
    (refuse.edit_count, candidate(BEFORE + "y\n", edits=(RULE,)), "do not lead"),
    (refuse.size, candidate(BEFORE + "x\n" * 31), "31 lines added"),
    (refuse.size, candidate(HEAD + "end\n", HEAD + "x\n" * 16 + "end\n"), "16 removed"),
    (refuse.size, candidate(HEAD.replace("\n", "\r\n") + "x\r\n" * 40, HEAD + "x\n" * 40), "44 lines added"),
    (refuse.size, candidate(BEFORE + "x" * 6000 + "\n"), "6001 characters added"),
    (refuse.size, candidate(HEAD + "end\n", HEAD + "x" * 3000 + "\nend\n"), "3001 removed"),
    (refuse.body_words, candidate(HEAD + "w " * 5001), "5001 words"),
    (refuse.body_words, candidate(HEAD + "w " * 6001, HEAD + "w " * 6000), "at most 6000"),
    (refuse.loadable, candidate(BEFORE.replace("name: tidy", "name: [tidy")), "no longer parses"),
    (refuse.loadable, candidate(BEFORE.replace("description", "summary")), "new objection"),
    (refuse.own_trigger_skill, proposed(RULE, ref=SkillRef("skillopt", "ann")), "own skill"),
    (refuse.own_trigger_skill, candidate("", BEFORE.replace("tidy--ann", "hivemind-skillopt--ann")), "own skill"),
    (refuse.frozen, proposed(RULE, frozen_by="locked"), "locked"),
    (refuse.remembered, proposed(RULE, remembered=(fingerprint([RULE]),)), "before"),
    (refuse.inverse, proposed(RULE, recent=((Edit(Op.DELETE, "Dry the spoon first.", None),),)), "takes back"),
    (refuse.secret, candidate(BEFORE + "Use ghp_q8ZtVn3Lw7RbXc5Kd2Jh9Fg4.\n"), "secret"),
    (refuse.secret, candidate(BEFORE + "-----BEGIN PRIVATE KEY-----\nMIIE\n"), "secret"),
]


@pytest.mark.parametrize(("check", "what", "why"), REFUSED, ids=lambda value: getattr(value, "__name__", None))
def test_refused(check: CheckFunction, what: Candidate, why: str):
    answer = check(what)
    assert (answer.name, answer.result) == (check.__name__, Result.REFUSE)
    assert why in answer.message
    assert "\n" not in answer.message


def test_every_refusing_check_has_a_case():
    refusing = {function for function in BUILT_IN_CHECKS if function.__module__ == refuse.__name__}
    assert refusing - {case[0] for case in REFUSED} == {refuse.protected_region}


def test_the_protected_region():
    region = f"{REGION_START}\nmine\n{REGION_END}\n"
    change = candidate(BEFORE + region.replace("mine", "yours"), BEFORE + region)
    assert refuse.protected_region(change).result is Result.REFUSE
    for after in (BEFORE, BEFORE + region + region, BEFORE + REGION_END):
        assert refuse.protected_region(candidate(after, BEFORE + region)).result is Result.REFUSE
    assert refuse.protected_region(candidate(BEFORE + "x\n" + region, BEFORE + region)).result is Result.PASS


def test_at_the_limits():
    assert refuse.size(candidate(BEFORE + "x\n" * 30)).result is Result.PASS
    assert refuse.size(candidate(HEAD + "end\n", HEAD + "x\n" * 15 + "end\n")).result is Result.PASS
    assert refuse.size(candidate(BEFORE + "x" * 5999 + "\n")).result is Result.PASS
    assert refuse.size(candidate(HEAD + "end\n", HEAD + "x" * 2999 + "\nend\n")).result is Result.PASS
    assert refuse.body_words(candidate(HEAD + "w " * 5000)).result is Result.PASS
    assert refuse.body_words(candidate(HEAD + "w " * 6000, HEAD + "w " * 6000)).result is Result.PASS


def test_a_secret_is_not_told():
    assert "q8ZtVn3L" not in refuse.secret(candidate(BEFORE + "Use ghp_q8ZtVn3Lw7RbXc5Kd2Jh9Fg4.\n")).message


def test_a_file_that_is_no_text_is_refused_and_not_an_error():
    checks = run_checks(Candidate(BEFORE.encode(), b"\xff\xfe"))
    assert decision(checks) is Result.REFUSE
    assert all(check.result is not Result.PASS or check.name in PURE for check in checks)


PURE = {
    "parent_is_head",
    "remembered",
    "inverse",
    "frozen",
    "own_trigger_skill",
    "confidence",
    "provenance",
    "edit_count",
}


def test_a_file_without_front_matter_may_be_edited():
    assert decision(run_checks(proposed(RULE, before="# Tidy\n\nPut the spoon back.\n"))) is Result.PASS


def test_line_counts_agree_with_git_on_real_edits():
    for row in rows("benign-edits.calibration.jsonl"):
        diff = line_diff(row["before"], row["after"])
        same_end = row["before"].endswith("\n") == row["after"].endswith("\n")
        assert not same_end or (len(diff.added), len(diff.removed)) == (row["added"], row["removed"]), row["id"]


LINES = st.lists(st.sampled_from("abc"), max_size=9)


@given(LINES, LINES)
def test_what_the_line_diff_keeps_is_the_same_on_both_sides(old: list[str], new: list[str]):
    diff = line_diff("".join(f"{x}\n" for x in old), "".join(f"{x}\n" for x in new))
    removed, added = {line.number for line in diff.removed}, {line.number for line in diff.added}
    assert [x for n, x in enumerate(old, 1) if n not in removed] == [x for n, x in enumerate(new, 1) if n not in added]


PIECES = ["spoon", "\n", "\r\n", " ", "`", "```", "- ", "\u200b", "http://", REGION_START, "a.sh", "\x00", "\xe9"]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
EDITS = st.lists(st.builds(Edit, st.sampled_from(Op), st.none() | TEXTS, st.none() | TEXTS), min_size=1, max_size=4)


@given(TEXTS, EDITS)
def test_what_can_be_applied_can_be_judged(body: str, edits: list[Edit]):
    before = parse_skill_md((HEAD + body).encode())
    try:
        after = apply_edits(before, edits)
    except EditRefused:
        return
    checks = run_checks(Candidate(before.data, after.data, tuple(edits)))
    assert not [check for check in checks if "could not be checked" in check.message]
    assert {"front_matter_unchanged": Result.PASS}.items() <= {check.name: check.result for check in checks}.items()
