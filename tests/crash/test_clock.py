"""The clock is set back and forward: nothing waits for ever, nothing is lost that had its time, a day stays a day."""

from __future__ import annotations

import pytest

from hivemind_skillopt.model import DAY, SECOND
from tests.crash.story import SECOND_COMPLAINT, SECOND_EDIT
from tests.worker.lab import FAULT, PROPOSAL, Lab, outcomes, versions

HOUR = 3600 * SECOND
YEAR = 365 * DAY
FINE = {**FAULT, "outcome": "ok", "quote": None}
SECOND_PROPOSAL = {**PROPOSAL, "edits": [SECOND_EDIT]}


@pytest.mark.parametrize("back", [HOUR, DAY, -3 * DAY])
def test_set_between_recording_and_working(lab: Lab, back: int) -> None:
    """The worker's clock says that all of it is yet to come, or is three days old."""
    lab.event("SessionStart")
    lab.use()
    lab.react()
    lab.now -= back
    lab.work()
    assert (outcomes(lab), versions(lab), lab.left()) == (["skill_fault"], [1, 2], [0, 0, 0])
    assert len(lab.store.attributions()) == 1


@pytest.mark.parametrize("back", [HOUR, DAY])
def test_a_reaction_after_the_clock_was_set_back_counts(lab: Lab, back: int) -> None:
    """It is dated before the use that it is about."""
    lab.use()
    lab.work()
    lab.now -= back
    lab.react()
    lab.work()
    assert (outcomes(lab), lab.left()) == (["skill_fault"], [0, 0, 0])


def test_a_reaction_after_three_days_of_the_clock_is_too_late(lab: Lab) -> None:
    lab.use()
    lab.work()
    lab.now += 3 * DAY
    lab.react()
    lab.work()
    assert (outcomes(lab), lab.windows().all_open(), lab.left()) == ([], [], [0, 0, 0])


def test_a_window_of_next_year_closes(lab: Lab) -> None:
    lab.use()
    lab.work()
    lab.now -= YEAR
    lab.work()
    assert lab.windows().all_open() == []
    assert not list(lab.paths.markers.iterdir())


@pytest.mark.parametrize("back", [HOUR, DAY, YEAR])
def test_a_job_does_not_wait_for_the_clock_to_come_back(lab: Lab, back: int) -> None:
    lab.script(judge=[{"fails": "529"}])
    lab.use()
    lab.react()
    lab.work()
    lab.script(judge=[{"answer": FAULT}], proposer=[{"answer": PROPOSAL}])
    lab.now -= back
    lab.work()
    assert (outcomes(lab), versions(lab), lab.left()) == (["skill_fault"], [1, 2], [0, 0, 0])


def test_text_of_next_year_goes_after_a_day(lab: Lab) -> None:
    lab.script(judge=[{"fails": "529"}])
    lab.use()
    lab.react("no, the zebra was wrong")
    lab.work()
    lab.now -= YEAR
    lab.work()
    assert lab.holding("the zebra was wrong")
    lab.now += DAY + HOUR
    lab.work()
    assert lab.holding("the zebra was wrong") == []
    assert [job.last_error for job in lab.jobs().failures()] == ["not judged within 24 h"]


def test_reactions_keep_their_order(lab: Lab) -> None:
    lab.script(judge=[{"fails": "529"}])
    lab.use()
    for number, text in enumerate(["the first thing is wrong", "the second thing is wrong"]):
        lab.react(text, prompt=f"p{number + 2}")
    lab.work()
    lab.now -= YEAR
    lab.work()
    lab.script(judge=[{"answer": FINE}])
    lab.now += 2 * HOUR
    lab.work()
    (verdict,) = lab.store.verdicts()
    with lab.database.transaction() as connection:
        taken_in = connection.exec_driver_sql("SELECT id FROM reactions ORDER BY rowid").scalars().all()
    assert list(verdict.reaction_ids) == list(taken_in)


def test_calls_of_next_year_are_not_todays(lab: Lab) -> None:
    """Else a clock that once ran ahead would keep the loop off until it is there again."""
    lab.environ["HIVEMIND_SKILLOPT_MAX_JUDGE_CALLS_PER_DAY"] = "1"
    lab.script(judge=[{"answer": FINE}])
    lab.now += YEAR
    lab.use()
    lab.react()
    lab.work()
    lab.now -= YEAR
    for number in range(2):
        lab.use(session=f"now{number}", tool=f"n{number}")
        lab.react(session=f"now{number}", prompt=f"n{number}")
    lab.work()
    assert outcomes(lab) == ["ok", "ok"]
    due = lab.next_due()
    assert due == (lab.now // DAY + 1) * DAY
    lab.now = due + SECOND
    lab.work()
    assert outcomes(lab) == ["ok", "ok", "ok"]


def test_a_publication_of_next_year_is_no_cooldown(lab: Lab) -> None:
    lab.now += YEAR
    lab.use()
    lab.react()
    lab.work()
    lab.now -= YEAR
    lab.script(judge=[{"answer": FAULT}], proposer=[{"answer": SECOND_PROPOSAL}])
    lab.use(session="s2", tool="t2")
    lab.react(SECOND_COMPLAINT, session="s2", prompt="p9")
    lab.work()
    assert (versions(lab), lab.left()) == ([1, 2, 3], [0, 0, 0])


def test_the_same_event_on_both_sides_of_the_jump_is_one(lab: Lab) -> None:
    """Two installs of our hooks, and the clock is set between them."""
    lab.script(judge=[{"answer": FINE}])
    lab.use()
    lab.react()
    lab.work()
    lab.now -= DAY
    lab.use()
    lab.react()
    lab.work()
    assert (outcomes(lab), len(lab.store.invocations()), lab.left()) == (["ok"], 1, [0, 0, 0])
