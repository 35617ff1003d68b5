"""What was really loaded: only an unedited, known version of the org skill may lead to an edit."""

from __future__ import annotations

import pytest

from hivemind_skillopt.model import SECOND
from tests.worker.lab import FAULT, PROPOSAL, REF, SKILL, Lab, outcomes, versions


def test_an_edited_copy_is_attributed_and_never_judged(lab: Lab) -> None:
    (lab.installed() / "SKILL.md").write_text(SKILL + "my own line\n")
    lab.event("SessionStart")
    lab.use()
    lab.react()
    lab.work()
    assert [skill.modified for row in lab.store.attributions() for skill in row.skills] == [True]
    assert [invocation.modified for invocation in lab.store.invocations()] == [True]
    assert (outcomes(lab), versions(lab)) == ([], [1])


def test_a_body_that_is_no_known_version_leads_to_no_edit(lab: Lab) -> None:
    lab.event("PreToolUse", tool_name="Skill", tool_input={"skill": str(REF)}, tool_use_id="t1", prompt_id="p1")
    lab.transcribe("s1", "p1", "t1", "Base directory for this skill: /p/.claude/skills/x\n\n# A project's own copy\n")
    lab.react()
    lab.work()
    (verdict,) = lab.store.verdicts()
    assert (verdict.outcome, verdict.version, verdict.version_source) == ("skill_fault", None, "unknown")
    assert (versions(lab), lab.left()) == ([1], [0, 0, 0])


def test_the_version_of_the_transcript_wins_over_the_disks(lab: Lab) -> None:
    lab.use()
    lab.publish(SKILL + "3. Tell.\n")
    lab.react()
    lab.work()
    (verdict,) = lab.store.verdicts()
    assert (verdict.version, verdict.version_source) == (1, "transcript")
    assert versions(lab) == [1, 2, 3]
    assert "3. Tell." in (lab.installed() / "SKILL.md").read_text(), "the edit stands on the head"


@pytest.mark.parametrize("kind", ["a plugin's copy", "denied"])
def test_what_was_not_the_org_skill_leads_to_no_edit(lab: Lab, kind: str) -> None:
    """The same text from elsewhere, or a call that the user did not allow."""
    lab.event("PreToolUse", tool_name="Skill", tool_input={"skill": str(REF)}, tool_use_id="t1", prompt_id="p1")
    body = SKILL.split("---\n", 2)[2].lstrip("\n")
    if kind == "denied":
        lab.transcribe("s1", "p1", "t1", "no skill", denied=True)
    else:
        lab.transcribe("s1", "p1", "t1", f"Base directory for this skill: /plugins/x/skills/y\n\n{body}")
    lab.react()
    lab.work()
    (verdict,) = lab.store.verdicts()
    assert (verdict.version_source, versions(lab)) == ("unknown", [1])


def test_a_link_that_no_longer_leads_to_the_skill_is_a_modified_copy(lab: Lab) -> None:
    lab.installed().unlink()
    lab.installed().mkdir()
    (lab.installed() / "SKILL.md").write_text(SKILL)
    lab.event("SessionStart")
    lab.use()
    lab.react()
    lab.work()
    assert [skill.modified for row in lab.store.attributions() for skill in row.skills] == [True]
    assert outcomes(lab) == []


def test_no_transcript_is_unclear_without_a_model_call(lab: Lab) -> None:
    lab.event("PreToolUse", tool_name="Skill", tool_input={"skill": str(REF)}, tool_use_id="t1", prompt_id="p1")
    lab.react()
    start = lab.now
    lab.work()
    (verdict,) = lab.store.verdicts()
    assert (verdict.outcome, verdict.reason, verdict.usage) == ("unclear", "no_transcript", None)
    assert 30 * SECOND < lab.now - start < 90 * SECOND
    assert lab.left() == [0, 0, 0]


def test_a_job_whose_transcript_went_away_ends(lab: Lab) -> None:
    lab.script(judge=[{"answer": FAULT}], proposer=[{"fails": "529"}])
    lab.use()
    lab.react()
    lab.work()
    (lab.root / "s1.jsonl").unlink()
    lab.now += 600 * SECOND
    lab.work()
    assert ([entry["why"] for entry in lab.log("gave_up")], lab.left()) == (
        ["the transcript is not there yet"],
        [0, 0, 0],
    )


def test_the_judge_never_learns_which_version_is_newer(lab: Lab) -> None:
    seen = lab.root / "seen.json"
    lab.script(
        judge=[{"when": "version", "fails": "the prompt names a version"}, {"answer": FAULT}],
        proposer=[{"answer": PROPOSAL}],
    )
    lab.use()
    lab.publish(SKILL + "3. Tell.\n")
    lab.react()
    lab.work()
    assert outcomes(lab) == ["skill_fault"]
    assert not seen.exists()


def test_a_use_that_was_recorded_before_a_pull_is_no_modified_copy(lab: Lab) -> None:
    """When the worker comes to it, the link leads to the version that was pulled meanwhile."""
    lab.use()
    lab.publish(SKILL + "3. Tell.\n")
    lab.pull()
    lab.react()
    lab.work()
    assert [(row.version, row.modified) for row in lab.store.invocations()] == [(1, False)]
    assert (outcomes(lab), versions(lab)) == (["skill_fault"], [1, 2, 3])
