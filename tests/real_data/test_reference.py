"""What the reference validator and the reference edit applier made of the same files (verdicts recorded once)."""

from __future__ import annotations

import hashlib
from collections import Counter

from hivemind_skillopt.edits import apply_edits
from hivemind_skillopt.errors import EditRefused
from hivemind_skillopt.gate import refuse
from hivemind_skillopt.gate.candidate import Candidate
from hivemind_skillopt.model import Edit, Op, Result
from hivemind_skillopt.skill_md import SkillMd, parse_skill_md
from tests.corpora import corpus, rows

GOOD = b"---\nname: good\ndescription: Nothing to object to.\n---\nx\n"

OTHER_BODY = {
    "WellDunDun__selftune__19b539b3c8f4.md": "the reference ends the front matter at dashes inside a value",
}


def skill(row: dict) -> SkillMd:
    return parse_skill_md((corpus("skills_md") / row["file"]).read_bytes())


def test_loadable_agrees_with_skills_ref_on_every_file() -> None:
    """Against a parent without a fault, `loadable` refuses exactly what the reference objects to.

    One class is not asked for: that the folder is named like the skill. The gate sees no folder, and a pulled one is
    named `name--author`.
    """
    outcomes = Counter()
    for row in rows("oracle_skills_ref.jsonl"):
        objections = [error for error in row["errors"] if not error.startswith("Directory name")]
        answer = refuse.loadable(Candidate(GOOD, skill(row).data))
        assert (answer.result is Result.REFUSE) == bool(objections), (row["file"], answer.message, objections)
        outcomes[answer.result] += 1
    assert outcomes == {Result.PASS: 317, Result.REFUSE: 262}


def test_the_body_is_what_skills_ref_takes_for_it() -> None:
    compared = 0
    for row in rows("oracle_skills_ref.jsonl"):
        if row["body_sha256"] and row["file"] not in OTHER_BODY:
            assert hashlib.sha256(skill(row).body.strip().encode()).hexdigest() == row["body_sha256"], row["file"]
            compared += 1
    assert compared == 451


AGREES, REFUSED = "as the reference", "refused, as the reference skipped it"
CRLF = "the file is CRLF: ours keeps that, the reference mixes line ends"
FRONT = "the target stands in the front matter, which is out of reach here"
AGAIN = "the target stands in the front matter too, so the reference changed that one"
ABSENT = "absent target: the reference appends instead, we refuse"
MANY = "more than one place: the reference takes the first, we refuse"


def outcome(row: dict) -> str:
    """How our answer to one vector compares; raises AssertionError where no written reason fits."""
    before, edit = skill(row), Edit(Op(row["edit"]["op"]), row["edit"]["target"], row["edit"]["content"])
    places = before.body.count(edit.target or "") if edit.op is not Op.APPEND else 1
    try:
        ours = apply_edits(before, [edit])
    except EditRefused:
        return reason_of_refusal(row, places)
    if hashlib.sha256(ours.data).hexdigest() == row["out_sha256"]:
        return AGREES
    if before.newline == "\r\n":
        return CRLF
    assert row["occurrences"] > 1, row
    return AGAIN


def reason_of_refusal(row: dict, places: int) -> str:
    if row["status"].startswith("skipped"):
        return REFUSED
    if row["status"].endswith("fallback_append"):
        return ABSENT
    assert places != 1, row
    return FRONT if places == 0 else MANY


def test_every_vector_agrees_or_has_a_written_reason() -> None:
    figures = Counter(outcome(row) for row in rows("oracle_skillopt_edits.jsonl"))
    assert figures == {AGREES: 1904, REFUSED: 1024, ABSENT: 512, MANY: 71, FRONT: 37, CRLF: 34, AGAIN: 2}


def test_crlf_files_give_the_lf_result_in_crlf() -> None:
    compared = 0
    for row in rows("oracle_skillopt_edits.jsonl"):
        before = skill(row)
        edit = Edit(Op(row["edit"]["op"]), row["edit"]["target"].rstrip("\r"), row["edit"]["content"])
        if before.newline == "\n" or (edit.op is not Op.APPEND and before.body.count(edit.target or "") != 1):
            continue
        lf = parse_skill_md(before.data.replace(b"\r\n", b"\n"))
        assert apply_edits(before, [edit]).text == apply_edits(lf, [edit]).text.replace("\n", "\r\n")
        compared += 1
    assert compared > 20
