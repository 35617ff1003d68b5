"""What fails or must wait costs delay only: models, the store, the day's budget, the cooldown."""

from __future__ import annotations

from time import sleep

import pytest

from hivemind_skillopt.errors import StateUnavailable, StoreUnavailable
from hivemind_skillopt.model import DAY, SECOND
from hivemind_skillopt.pipeline import Case, Judged, Pipeline
from hivemind_skillopt.state.back_off import LONGEST
from hivemind_skillopt.state.jobs import MAX_ATTEMPTS, JobStatus
from hivemind_skillopt.store.sql import SqlStore
from tests.worker.lab import FAULT, PROPOSAL, Lab, outcomes, versions


@pytest.mark.parametrize("rule", [{"fails": "529 overloaded"}, {"text": "Sure, it was fine."}, {"text": ""}])
def test_a_failing_model_is_no_verdict_then_a_visible_failure(lab: Lab, rule: dict[str, object]) -> None:
    lab.environ["HIVEMIND_SKILLOPT_MAX_SHARE_PER_SESSION"] = "1"
    lab.script(judge=[rule])
    lab.use()
    lab.react()
    lab.work()
    assert (outcomes(lab), lab.jobs().counts()) == ([], {"due": 1})
    for _ in range(12):
        lab.now += 3_600 * SECOND
        lab.work()
    (failed,) = lab.jobs().failures()
    assert failed.last_error
    assert (outcomes(lab), failed.status) == ([], JobStatus.FAILED)


def test_a_model_that_comes_back_is_asked_again(lab: Lab) -> None:
    lab.script(judge=[{"fails": "529"}])
    lab.use()
    lab.react()
    lab.work()
    lab.script(judge=[{"answer": FAULT}], proposer=[{"fails": "529"}])
    lab.now += 600 * SECOND
    lab.work()
    assert outcomes(lab) == ["skill_fault"]
    lab.script(judge=[{"fails": "not asked twice"}], proposer=[{"answer": PROPOSAL}])
    lab.now += 600 * SECOND
    lab.work()
    assert (outcomes(lab), versions(lab), lab.left()) == (["skill_fault"], [1, 2], [0, 0, 0])


def test_the_days_budget_is_waited_for(lab: Lab) -> None:
    lab.environ["HIVEMIND_SKILLOPT_MAX_JUDGE_CALLS_PER_DAY"] = "0"
    lab.use()
    lab.react()
    lab.work()
    assert outcomes(lab) == []
    assert lab.next_due() == (lab.now // DAY + 1) * DAY
    assert lab.jobs().failures() == []


def test_the_cooldown_keeps_the_proposal_open(lab: Lab) -> None:
    lab.use()
    lab.react()
    lab.work()
    second = {**PROPOSAL, "edits": [{"op": "append", "target": None, "content": "Ask which environment, always."}]}
    lab.script(judge=[{"answer": FAULT}], proposer=[{"answer": second}])
    lab.use(session="s2")
    lab.react(session="s2", prompt="p9")
    lab.work()
    newest = lab.store.proposals()[0]
    assert (versions(lab), newest.status) == ([1, 2], "open")
    assert newest.not_before is not None
    lab.now = newest.not_before + SECOND
    lab.work()
    assert (versions(lab), lab.left()) == ([1, 2, 3], [0, 0, 0])
    assert sorted(proposal.status for proposal in lab.store.proposals()) == ["published", "published"]


def test_a_store_that_is_down_costs_delay_only(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:

    def down(store: SqlStore) -> None:
        raise StoreUnavailable("the org store cannot be reached")

    lab.use()
    lab.react()
    with monkeypatch.context() as patch:
        patch.setattr(SqlStore, "prepare", down)
        for _ in range(2):
            lab.work()
    assert lab.left() == [0, 1, 2]
    lab.now += LONGEST
    lab.work()
    assert (versions(lab), lab.left()) == ([1, 2], [0, 0, 0])
    assert len(lab.store.verdicts()) == len(lab.store.attributions()) == 1


def test_a_store_that_goes_down_while_a_job_runs_ends_the_worker(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Pipeline.judge

    def judge(pipeline: Pipeline, case: Case) -> Judged:
        monkeypatch.setattr(SqlStore, "record", down)
        sleep(0.5)
        return real(pipeline, case)

    def down(store: SqlStore, records: object) -> None:
        raise StoreUnavailable("gone")

    lab.use()
    lab.react()
    monkeypatch.setattr(Pipeline, "judge", judge)
    lab.work()
    assert lab.left()[0] == 0
    monkeypatch.undo()
    lab.now += LONGEST
    monkeypatch.setenv("XDG_DATA_HOME", str(lab.root / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(lab.root / "config"))
    lab.work()
    assert (versions(lab), lab.left(), len(lab.store.verdicts())) == ([1, 2], [0, 0, 0], 1)


def test_no_room_for_our_own_state_is_no_attempt_of_the_job(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker ends; the next one takes the job up at once, however often that happens."""

    def full(pipeline: Pipeline, case: Case) -> Judged:
        raise StateUnavailable("make room")

    lab.use()
    lab.react()
    with monkeypatch.context() as patch:
        patch.setattr(Pipeline, "judge", full)
        for _ in range(MAX_ATTEMPTS + 1):
            with pytest.raises(StateUnavailable):
                lab.work()
    lab.work()
    assert (outcomes(lab), versions(lab), lab.left()) == (["skill_fault"], [1, 2], [0, 0, 0])
