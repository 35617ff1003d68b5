"""The worker over inbox files: what one round leads to, once, and what is left when it ends."""

from __future__ import annotations

import pytest

from hivemind_skillopt.errors import StoreError
from hivemind_skillopt.model import SECOND, SkillFolder, SkillRef
from hivemind_skillopt.store.sql import SqlStore
from tests.worker.lab import FAULT, PROPOSAL, REF, SKILL, Lab, outcomes, versions


def test_one_turn(lab: Lab) -> None:
    lab.event("SessionStart")
    lab.use()
    lab.react()
    lab.work()
    assert (versions(lab), outcomes(lab), lab.left()) == ([1, 2], ["skill_fault"], [0, 0, 0])
    assert "Always ask which environment first." in (lab.installed() / "SKILL.md").read_text()
    assert not list(lab.paths.markers.iterdir())


def test_every_event_twice_is_once(lab: Lab) -> None:
    """A plugin AND a settings install: the same payloads in two files."""
    for _ in range(2):
        lab.event("SessionStart")
    call = {"tool_name": "Skill", "tool_input": {"skill": "deploy--alice"}, "tool_use_id": "t1", "prompt_id": "p1"}
    lab.use()
    lab.event("PreToolUse", **call)
    lab.react()
    lab.react()
    lab.work()
    store = lab.store
    rows = (store.attributions(), store.invocations(), store.verdicts(), store.proposals())
    assert [len(found) for found in rows] == [1, 1, 1, 1]
    assert versions(lab) == [1, 2]


def test_a_session_that_never_said_it_started_is_attributed(lab: Lab) -> None:
    lab.use(session="fork")
    lab.work()
    (row,) = lab.store.attributions()
    assert (row.session_id, row.project, [str(skill.ref) for skill in row.skills]) == ("fork", "shop", [str(REF)])


def test_another_orgs_skills_are_not_this_ones(lab: Lab) -> None:
    """The same name in another org: nothing of the first org's manifest counts there."""
    lab.environ["HIVEMIND_ORG_ID"] = "other"
    lab.event("SessionStart", {"HIVEMIND_ORG_ID": "other"})
    lab.event(
        "PreToolUse", {"HIVEMIND_ORG_ID": "other"}, tool_name="Skill", tool_input={"skill": str(REF)}, tool_use_id="t"
    )
    lab.work()
    assert [row.skills for row in lab.store.attributions()] == [()]
    assert lab.store.invocations() == []
    lab.publish(SKILL + "Other org.\n")
    lab.pull()
    assert "Other org." in (lab.installed() / "SKILL.md").read_text()


def test_one_bad_skill_does_not_stop_the_others(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("aaa", "mmm", "zzz"):
        lab.publish(SKILL, SkillRef(name, "alice"))
    real = SqlStore.folder

    def folder(store: SqlStore, ref: SkillRef, version: int) -> SkillFolder:
        if ref.name == "mmm":
            raise StoreError("its bytes are damaged")
        return real(store, ref, version)

    monkeypatch.setattr(SqlStore, "folder", folder)
    lab.pull()
    assert [lab.installed(SkillRef(name, "alice")).exists() for name in ("aaa", "mmm", "zzz")] == [True, False, True]
    assert lab.paths.org_skills.read_text().split() == ["aaa--alice", "deploy--alice", "zzz--alice"]


def test_mode_off_discards_open_jobs_with_a_line(lab: Lab) -> None:
    lab.script(judge=[{"fails": "later"}])
    lab.use()
    lab.react()
    lab.work()
    lab.environ["HIVEMIND_SKILLOPT_MODE"] = "off"
    lab.work()
    assert (lab.log("jobs_discarded")[0]["jobs"], lab.left()) == (1, [0, 0, 0])


def test_events_of_another_store_or_home_wait(lab: Lab) -> None:
    lab.use(HIVEMIND_ORG_ID="other")
    lab.event("SessionStart", {"CLAUDE_CONFIG_DIR": "/elsewhere"})
    lab.work()
    assert (lab.left(), lab.store.invocations()) == ([2, 0, 0], [])
    lab.environ["HIVEMIND_ORG_ID"] = "other"
    lab.work()
    assert lab.left()[0] == 1


def test_jobs_of_another_store_wait_for_their_own_worker(lab: Lab) -> None:
    lab.script(judge=[{"fails": "later"}])
    lab.use()
    lab.react()
    lab.work()
    lab.script(judge=[{"answer": FAULT}], proposer=[{"answer": PROPOSAL}])
    lab.now += 600 * SECOND
    lab.environ["HIVEMIND_ORG_ID"] = "other"
    lab.work()
    assert (outcomes(lab), lab.jobs().counts()) == ([], {"due": 1})
    del lab.environ["HIVEMIND_ORG_ID"]
    lab.work()
    assert outcomes(lab) == ["skill_fault"]
