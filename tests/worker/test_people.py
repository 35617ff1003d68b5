"""People and the loop: a person's word stops an edit, a pause stops the worker, a rollback is remembered."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hivemind_skillopt.model import (
    SECOND,
    Annotation,
    Outcome,
    Policy,
    Proposal,
    ProposalStatus,
    Publication,
    Verdict,
)
from hivemind_skillopt.pipeline import Case, Pipeline
from hivemind_skillopt.ports import Draft
from hivemind_skillopt.review import Review
from hivemind_skillopt.settings import Limits, Mode, OrgMode
from hivemind_skillopt.state.jobs import Step
from hivemind_skillopt.state.pins import Pins
from hivemind_skillopt.state.spending import Spending
from hivemind_skillopt.worker.job_runner import STRICTER
from tests.worker.lab import FAULT, PROPOSAL, REACTION, REF, Lab, outcomes, versions

OTHER = {**PROPOSAL, "edits": [{"op": "append", "target": None, "content": "Say what you did."}]}


def annotate(lab: Lab, outcome: Outcome) -> None:
    (window,) = lab.windows().all_open()
    lab.store.annotate(Annotation("a1", window.invocation.id, REF, outcome, "", "bob", lab.clock()))


OTHER_REACTION = f"say what you did! And {REACTION}"


def use_then_react(lab: Lab, number: int = 1, text: str = REACTION) -> None:
    lab.use(tool=f"t{number}", prompt=f"p{number}a", session=f"s{number}")
    lab.react(text, prompt=f"p{number}b", session=f"s{number}")


def test_no_edit_comes_of_a_use_that_a_person_excused(lab: Lab) -> None:
    lab.use()
    lab.work()
    annotate(lab, Outcome.AGENT_FAULT)
    lab.react()
    lab.work()
    assert [verdict.outcome for verdict in lab.store.verdicts()] == [Outcome.SKILL_FAULT], "the judge's row stays"
    assert (lab.store.proposals(), lab.store.history(REF)[-1].version, lab.left()) == ([], 1, [0, 0, 0])


def test_a_persons_skill_fault_lets_the_loop_go_on(lab: Lab) -> None:
    lab.use()
    lab.work()
    annotate(lab, Outcome.SKILL_FAULT)
    lab.react()
    lab.work()
    assert lab.store.history(REF)[-1].version == 2


def test_a_word_that_comes_before_the_publication_stops_it(lab: Lab) -> None:
    """A proposal that waits for the cooldown is rejected when its use is excused meanwhile."""
    waiting = wait_for_the_cooldown(lab)
    lab.store.annotate(Annotation("a", waiting.invocation_id, REF, Outcome.USER_CHANGE, "", "bob", lab.clock()))
    lab.work()
    settled = lab.store.proposals(REF)[0]
    assert (settled.status, settled.status_reason) == (ProposalStatus.REJECTED, "bob says user_change")
    assert (lab.store.history(REF)[-1].version, lab.left()) == (2, [0, 0, 0])


def wait_for_the_cooldown(lab: Lab) -> Proposal:
    """The second proposal, right after the first one's publication."""
    use_then_react(lab)
    lab.work()
    lab.script(judge=[{"answer": FAULT}], proposer=[{"answer": OTHER}])
    use_then_react(lab, 2, OTHER_REACTION)
    lab.work()
    waiting = lab.store.proposals(REF)[0]
    assert waiting.status is ProposalStatus.OPEN
    lab.now += 700 * SECOND
    return waiting


def test_a_proposal_that_is_rejected_while_it_waits_is_no_failure(lab: Lab) -> None:
    waiting = wait_for_the_cooldown(lab)
    rejected = Review(lab.store, ()).reject(waiting, "bob", "not like this")
    lab.work()
    assert lab.store.find_proposals([waiting.id]) == {waiting.id: rejected}
    assert (versions(lab), lab.left()) == ([1, 2], [0, 0, 0])
    assert lab.log("job_failed") == []
    assert (lab.log("proposal")[-1]["status"], lab.log("proposal")[-1]["why"]) == ("rejected", "bob: not like this")


def test_a_proposal_that_is_accepted_while_it_waits_is_pulled(lab: Lab) -> None:
    waiting = wait_for_the_cooldown(lab)
    Review(lab.store, ()).accept(waiting, "bob", lab.clock())
    lab.store.set_org_mode(OrgMode(Mode.REVIEW, "alice", lab.clock()))
    lab.work()
    assert (versions(lab), lab.left()) == ([1, 2, 3], [0, 0, 0])
    assert lab.log("proposal")[-1]["status"] == "published"
    assert "Say what you did." in (lab.installed() / "SKILL.md").read_text()


def test_what_was_rolled_back_is_not_proposed_again(lab: Lab) -> None:
    use_then_react(lab)
    lab.work()
    one, two = lab.store.history(REF)
    lab.store.publish(
        Publication(
            REF, lab.store.folder(REF, 1), two.content_sha256, "alice", lab.clock(), reverts_version=one.version
        )
    )
    lab.pull()
    lab.now += 700 * SECOND
    use_then_react(lab, 2)
    lab.work()
    again = lab.store.proposals(REF)[0]
    assert (again.status, lab.store.history(REF)[-1].version) == (ProposalStatus.REJECTED, 3)
    assert [check.name for check in again.checks if check.result == "refuse"] == ["remembered"]


@pytest.mark.parametrize(
    ("mode", "judged", "proposed", "head"),
    [
        (Mode.AUTO, ["skill_fault"], ["published"], [1, 2]),
        (Mode.REVIEW, ["skill_fault"], ["held"], [1]),
        (Mode.OBSERVE, ["skill_fault"], [], [1]),
        (Mode.OFF, [], [], [1]),
    ],
)
def test_the_orgs_mode_holds_on_every_machine(
    lab: Lab, mode: Mode, judged: list[str], proposed: list[str], head: list[int]
) -> None:
    lab.store.set_org_mode(OrgMode(mode, "alice", lab.clock()))
    use_then_react(lab)
    lab.work()
    assert (outcomes(lab), [one.status for one in lab.store.proposals()]) == (judged, proposed)
    assert (versions(lab), lab.left()) == (head, [0, 0, 0])
    spent = Spending(lab.database, Limits(), lab.clock).today()
    assert spent.judge_calls == len(judged)


def test_an_org_that_became_stricter_stops_what_waits(lab: Lab) -> None:
    """A proposal that passed waits for the cooldown meanwhile."""
    use_then_react(lab)
    lab.work()
    lab.script(judge=[{"answer": FAULT}], proposer=[{"answer": OTHER}])
    use_then_react(lab, 2, OTHER_REACTION)
    lab.work()
    assert [one.status for one in lab.store.proposals() if one.published_version is None] == ["open"]
    lab.store.set_org_mode(OrgMode(Mode.REVIEW, "alice", lab.clock()))
    lab.now += 700 * SECOND
    lab.work()
    assert (versions(lab), [one.status for one in lab.store.proposals()].count("held")) == ([1, 2], 1)


def excuse(lab: Lab) -> None:
    (verdict,) = lab.store.verdicts()
    lab.store.annotate(Annotation("a", verdict.invocation_id, REF, Outcome.USER_CHANGE, "", "bob", lab.clock()))


@pytest.mark.parametrize(
    ("be_stricter", "why"),
    [
        (lambda lab: lab.store.set_org_mode(OrgMode(Mode.OBSERVE, "bob", lab.clock())), STRICTER),
        (lambda lab: lab.store.set_policy(REF, Policy.LOCKED, "bob", lab.clock()), STRICTER),
        (excuse, "bob says user_change"),
    ],
)
def test_what_became_stricter_stops_a_job_that_waits_for_the_proposer(
    lab: Lab, be_stricter: Callable[[Lab], None], why: str
) -> None:
    """The model did not answer; hours later it would."""
    lab.script(judge=[{"answer": FAULT}], proposer=[{"fails": "529"}])
    use_then_react(lab)
    lab.work()
    assert lab.jobs().all()[0].step is Step.PROPOSE
    be_stricter(lab)
    lab.script(judge=[], proposer=[{"answer": PROPOSAL}])
    lab.now += 3_600 * SECOND
    lab.work()
    assert (outcomes(lab), lab.store.proposals(), versions(lab)) == (["skill_fault"], [], [1])
    assert ([entry["why"] for entry in lab.log("gave_up")], lab.left()) == ([why], [0, 0, 0])


def org_off(lab: Lab) -> None:
    lab.store.set_org_mode(OrgMode(Mode.OFF, "bob", lab.clock()))


def test_what_waits_while_the_org_is_off_is_not_judged_later(lab: Lab) -> None:
    lab.script(judge=[{"fails": "529"}])
    use_then_react(lab)
    for _ in range(4):
        lab.now += 61 * SECOND
        lab.work()
    assert (lab.next_due() or 0) > lab.now + 61 * SECOND
    org_off(lab)
    lab.work()
    assert ([entry["jobs"] for entry in lab.log("jobs_discarded")], lab.left()) == ([1], [0, 0, 0])
    lab.store.set_org_mode(OrgMode(Mode.AUTO, "bob", lab.clock()))
    lab.script(judge=[{"answer": FAULT}], proposer=[{"answer": PROPOSAL}])
    lab.now += 3_600 * SECOND
    lab.work()
    assert (outcomes(lab), versions(lab)) == ([], [1])


def off_here(lab: Lab) -> None:
    lab.environ["HIVEMIND_SKILLOPT_MODE"] = "off"


@pytest.mark.parametrize("switch_off", [org_off, off_here])
def test_a_proposal_that_waits_in_mode_off_is_left_to_people(lab: Lab, switch_off: Callable[[Lab], None]) -> None:
    """It is in the store already, where it would be open for ever."""
    waiting = wait_for_the_cooldown(lab)
    lab.now -= 600 * SECOND
    switch_off(lab)
    for _ in range(2):
        lab.work()
        lab.now += 600 * SECOND
    settled = lab.store.find_proposals([waiting.id])[waiting.id]
    assert (settled.status, versions(lab), lab.left()) == (ProposalStatus.HELD, [1, 2], [0, 0, 0])


def test_mode_off_writes_no_verdict_without_a_transcript_either(lab: Lab) -> None:
    org_off(lab)
    use_then_react(lab)
    (lab.root / "s1.jsonl").unlink()
    lab.work()
    lab.now += 600 * SECOND
    lab.work()
    assert (outcomes(lab), lab.left(), len(lab.log("jobs_discarded"))) == ([], [0, 0, 0], 1)


def test_a_locked_skill_is_judged_and_left_alone(lab: Lab) -> None:
    lab.store.set_policy(REF, Policy.LOCKED, "alice", lab.clock())
    use_then_react(lab)
    lab.work()
    assert len(lab.store.verdicts()) == 1
    assert (lab.store.proposals(), lab.left()) == ([], [0, 0, 0])


def test_a_pause_keeps_what_was_recorded(lab: Lab) -> None:
    use_then_react(lab)
    lab.paths.disabled.write_text(f"{lab.now + 100 * SECOND}\n")
    lab.work()
    assert (lab.store.verdicts(), lab.left()) == ([], [0, 1, 0])
    lab.now += 101 * SECOND
    lab.work()
    assert (lab.store.history(REF)[-1].version, lab.left()) == (2, [0, 0, 0])


def test_a_pause_stops_the_publication_of_a_worker_that_runs(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proposer is asked, then somebody pauses."""
    propose = Pipeline.propose

    def propose_then_pause(self: Pipeline, case: Case, verdict: Verdict) -> Proposal | Draft:
        proposed = propose(self, case, verdict)
        lab.paths.disabled.touch()
        return proposed

    monkeypatch.setattr(Pipeline, "propose", propose_then_pause)
    use_then_react(lab)
    lab.work()
    assert (lab.store.proposals()[0].status, lab.store.history(REF)[-1].version) == (ProposalStatus.OPEN, 1)
    lab.paths.disabled.unlink()
    lab.work()
    assert (lab.store.history(REF)[-1].version, lab.left()) == (2, [0, 0, 0])


def test_waiting_jobs_can_be_hurried(lab: Lab) -> None:
    """The CLI was not logged in; the user mends it and does not want to wait for the back-off."""
    lab.script(judge=[{"fails": "Not logged in"}])
    use_then_react(lab)
    for _ in range(4):
        lab.now += 61 * SECOND
        lab.work()
    assert lab.store.verdicts() == []
    lab.script(judge=[{"answer": FAULT}], proposer=[{"answer": PROPOSAL}])
    lab.jobs().hurry()
    lab.work()
    assert lab.left() == [0, 0, 0]


def test_the_loop_leaves_a_skill_alone_that_is_pinned_here(lab: Lab) -> None:
    Pins(lab.database, lab.settings.store_id).put(REF, 1)
    lab.use()
    lab.react()
    lab.work()
    assert (outcomes(lab), versions(lab), lab.store.proposals()) == (["skill_fault"], [1], [])
