"""Jobs and reactions: coalesced, taken once, put off, failed visibly, and their text erased."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from hivemind_skillopt.model import DAY, SECOND, TEXT_AGE, Reaction
from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.jobs import BACK_OFF, FAILED_AGE, MAX_ATTEMPTS, Job, Jobs, JobStatus, Place, Step
from hivemind_skillopt.state.schema import windows


@pytest.fixture
def jobs(database: Database) -> Jobs:
    open_window(database)
    return Jobs(database)


HERE = Place("store", frozenset({"/h"}))


def open_window(database: Database, name: str = "w") -> None:
    """The jobs' windows, of this place."""
    row = {
        "id": name,
        "harness": "h",
        "session_id": "s",
        "store_id": "store",
        "home": "/h",
        "opened_at": 0,
        "value": "",
    }
    with database.transaction() as connection:
        connection.execute(insert(windows).values(row))


def reaction(number: int = 1, window: str = "w") -> Reaction:
    return Reaction(f"r{number}", window, number, f"text {number}")


def take(jobs: Jobs, now: int = 10) -> Job:
    (job,) = jobs.take_due(now, HERE)
    return job


def test_reactions_that_queue_up_are_one_job(jobs: Jobs) -> None:
    assert jobs.add_reaction(reaction(1), judged=True)
    assert jobs.add_reaction(reaction(2), judged=True)
    assert [found.text for found in jobs.reactions(take(jobs))] == ["text 1", "text 2"]


def test_a_reaction_after_the_job_was_taken_is_another_job_that_waits_for_it(jobs: Jobs) -> None:
    jobs.add_reaction(reaction(1), judged=True)
    first = take(jobs)
    jobs.add_reaction(reaction(2), judged=True)
    jobs.add_reaction(reaction(3, "w2"), judged=True)
    assert (jobs.take_due(10, HERE), jobs.next_due(HERE)) == ([], None)
    jobs.save(replace(first, step=Step.PROPOSE))
    second = take(jobs)
    assert [found.id for found in jobs.reactions(first)] == ["r1"]
    assert [found.id for found in jobs.reactions(second)] == ["r2"]


def test_windows_do_not_wait_for_each_other(jobs: Jobs, database: Database) -> None:
    open_window(database, "w2")
    for number, window in enumerate(["w", "w2"]):
        jobs.add_reaction(reaction(number, window), judged=True)
    assert [job.window_id for job in jobs.take_due(10, HERE)] == ["w", "w2"]


def test_a_job_that_waits_keeps_its_place_in_line(jobs: Jobs) -> None:
    """The model failed, and meanwhile something was said: no second call beside the first one's back-off."""
    jobs.add_reaction(reaction(1), judged=True)
    first = take(jobs)
    jobs.add_reaction(reaction(2), judged=True)
    jobs.wait(first, 99, "down")
    assert (jobs.take_due(98, HERE), jobs.next_due(HERE)) == ([], 99)
    assert take(jobs, 99).id == first.id


def test_what_else_waits_in_the_window_can_be_dropped(jobs: Jobs, database: Database) -> None:
    jobs.add_reaction(reaction(1), judged=True)
    first = take(jobs)
    jobs.add_reaction(reaction(2), judged=True)
    jobs.add_reaction(reaction(3, "w2"), judged=True)
    assert (jobs.drop_others(first), jobs.drop_others(first)) == (1, 0)
    assert all_text(database) == ["text 1", "text 3"]


def test_jobs_of_another_place_wait(jobs: Jobs) -> None:
    jobs.add_reaction(reaction(), judged=True)
    for other in (Place("other", HERE.homes), Place("store", frozenset({"/other"}))):
        assert (jobs.take_due(10, other), jobs.next_due(other)) == ([], None)
    assert take(jobs)


def test_a_job_is_taken_once_even_when_it_is_saved_in_between(jobs: Jobs) -> None:
    jobs.add_reaction(reaction(), judged=True)
    job = take(jobs)
    jobs.save(job)
    assert jobs.take_due(10, HERE) == []


def test_the_same_reaction_twice_is_one(jobs: Jobs) -> None:
    assert jobs.add_reaction(reaction(), judged=True)
    assert not jobs.add_reaction(reaction(), judged=True)
    assert jobs.add_reaction(reaction(window="w2"), judged=True), "the same message to another window"


def test_what_is_not_judged_keeps_no_text(jobs: Jobs, database: Database) -> None:
    jobs.add_reaction(reaction(), judged=False)
    assert jobs.counts() == {}
    assert all_text(database) == []


def test_a_dead_workers_job_is_due_again(jobs: Jobs) -> None:
    jobs.add_reaction(reaction(), judged=True)
    take(jobs)
    jobs.revive()
    assert take(jobs).id


def test_back_off_then_visible_failure_without_text(jobs: Jobs, database: Database) -> None:
    jobs.add_reaction(reaction(), judged=True)
    now = 10
    for attempt in range(1, MAX_ATTEMPTS):
        assert jobs.put_off(take(jobs, now), now, "down") is JobStatus.DUE
        assert jobs.take_due(now, HERE) == []
        now += BACK_OFF[attempt - 1] * SECOND
    assert jobs.put_off(take(jobs, now), now, "down for good") is JobStatus.FAILED
    (failed,) = jobs.failures()
    assert (failed.attempts, failed.last_error) == (MAX_ATTEMPTS, "down for good")
    assert all_text(database) == []
    assert jobs.next_due(HERE) is None


def test_waiting_is_no_failure(jobs: Jobs) -> None:
    jobs.add_reaction(reaction(), judged=True)
    jobs.wait(take(jobs), 99, "budget")
    assert jobs.next_due(HERE) == 99
    assert take(jobs, 99).attempts == 0


def test_a_done_job_leaves_no_text(jobs: Jobs, database: Database) -> None:
    jobs.add_reaction(reaction(), judged=True)
    jobs.done(take(jobs))
    assert (jobs.counts(), all_text(database)) == ({}, [])


def test_text_is_kept_a_day_at_most(jobs: Jobs, database: Database) -> None:
    jobs.add_reaction(reaction(), judged=True)
    jobs.forget_old(1 + TEXT_AGE)
    assert all_text(database) == ["text 1"]
    jobs.forget_old(2 + TEXT_AGE)
    assert all_text(database) == []
    assert [job.last_error for job in jobs.failures()] == ["not judged within 24 h"]
    assert TEXT_AGE == DAY
    jobs.forget_old(2 + FAILED_AGE)
    assert jobs.failures() == []


def test_mode_off_discards_what_waits(jobs: Jobs, database: Database) -> None:
    jobs.add_reaction(reaction(1), judged=True)
    jobs.add_reaction(reaction(2, "w2"), judged=True)
    assert jobs.drop_waiting(HERE) == 1
    assert (jobs.counts(), all_text(database)) == ({"due": 1}, ["text 2"]), "another place's job stays"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["add", "take", "revive", "wait", "fail", "done"]), max_size=30))
def test_no_reaction_is_ever_in_two_jobs_or_lost(tmp_path_factory: pytest.TempPathFactory, steps: list[str]) -> None:
    database = Database(tmp_path_factory.mktemp("jobs") / "state.db")
    open_window(database)
    jobs, taken, added, finished = Jobs(database), list[Job](), 0, set[str]()
    for step in steps:
        if step == "add":
            added += 1
            jobs.add_reaction(reaction(added), judged=True)
        elif step == "take":
            taken += jobs.take_due(10**18, HERE)
        elif step == "revive":
            jobs.revive()
            taken = []
        elif taken:
            job = taken.pop()
            finished |= {found.id for found in jobs.reactions(job)} if step == "done" else set()
            {"wait": lambda j: jobs.wait(j, 5, ""), "fail": lambda j: jobs.put_off(j, 5, ""), "done": jobs.done}[step](
                job
            )
    jobs.revive()
    left = []
    while due := jobs.take_due(10**18, HERE):
        left += [found.id for job in due for found in jobs.reactions(job)]
        for job in due:
            jobs.save(replace(job, step=Step.PROPOSE))
    failed = [found.id for job in jobs.failures() for found in jobs.reactions(job)]
    assert sorted([*left, *finished, *failed]) == sorted(f"r{n}" for n in range(1, added + 1))
    database.close()


def all_text(database: Database) -> list[str]:
    with database.transaction() as connection:
        rows = connection.exec_driver_sql("SELECT text FROM reactions WHERE text IS NOT NULL").all()
    return [row[0] for row in rows]
