"""A store that is away for days, and rows that it never takes: delay, a line for people, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hivemind_skillopt.errors import RowRefused, StoreUnavailable
from hivemind_skillopt.model import DAY, SECOND, Publication, Record
from hivemind_skillopt.pipeline import Case, Judged, Pipeline
from hivemind_skillopt.state.back_off import LONGEST
from hivemind_skillopt.state.jobs import MAX_ATTEMPTS
from hivemind_skillopt.state.outbox import Outbox
from hivemind_skillopt.state.outbox_limit import Limit
from hivemind_skillopt.store.sql import SqlStore
from tests.store.values import attribution, verdict
from tests.worker.lab import REACTION, Lab, outcomes, versions


def away(*_arguments: object) -> None:
    raise StoreUnavailable("nobody answers")


def box_of(lab: Lab) -> Outbox:
    lab.paths.inbox.mkdir(exist_ok=True)
    return Outbox(lab.database, lab.settings.store_id)


def test_a_thousand_session_starts_ask_a_few_times(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[int]()
    monkeypatch.setattr(SqlStore, "prepare", lambda store: (asked.append(lab.now), away()))
    for number in range(60):
        lab.event("SessionStart", session=f"s{number}")
        lab.work()
        lab.now += 60 * SECOND
    assert 3 <= len(asked) <= 30, "an hour, a start each minute"
    assert lab.left() == [0, 0, 60]
    assert len(lab.log("sync_failed")) == 1, "told once"
    monkeypatch.undo()
    monkeypatch.setenv("XDG_DATA_HOME", str(lab.root / "data"))
    lab.now += LONGEST
    lab.work()
    assert len(lab.store.attributions()) == 60


def test_a_short_absence_is_waited_for(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same worker asks again: no other may start for hours."""
    real, asked = SqlStore.prepare, list[int]()

    def prepare(store: SqlStore) -> None:
        asked.append(1)
        if len(asked) == 1:
            away()
        real(store)

    monkeypatch.setattr(SqlStore, "prepare", prepare)
    lab.use()
    lab.work()
    assert (lab.left(), len(lab.store.invocations())) == ([0, 0, 0], 1)


@pytest.mark.parametrize("where", ["judge", "publish"])
def test_days_without_the_store_are_no_attempts_of_a_job(lab: Lab, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    lab.use()
    lab.react()
    with monkeypatch.context() as patch:
        patch.setattr(Pipeline, where, away)
        for _ in range(MAX_ATTEMPTS + 4):
            lab.work()
            lab.now += LONGEST
    (job,) = lab.jobs().all()
    assert (job.attempts, job.last_error) == (0, "nobody answers")
    lab.now += LONGEST
    lab.work()
    assert (outcomes(lab), versions(lab), lab.left()) == (["skill_fault"], [1, 2], [0, 0, 0])


def test_a_store_that_only_reads_is_asked_less_and_less(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """It opens and lists, so only what is due going through ends the back-off."""
    tries = list[int]()

    def publish(store: SqlStore, publication: Publication) -> None:
        tries.append(lab.now)
        away()

    lab.use()
    lab.react()
    monkeypatch.setattr(SqlStore, "publish", publish)
    for _ in range(200):
        lab.work()
        lab.now += 60 * SECOND
    assert 5 <= len(tries) <= 40


def test_a_reaction_is_kept_a_day_and_then_fails_visibly(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.use()
    lab.react()
    with monkeypatch.context() as patch:
        patch.setattr(SqlStore, "prepare", away)
        lab.work()
        lab.now += DAY + SECOND
        lab.work()
    assert [job.last_error for job in lab.jobs().failures()] == ["not judged within 24 h"]
    assert lab.holding(REACTION) == []


def refusing(monkeypatch: pytest.MonkeyPatch, *bad: str) -> list[int]:
    """The store refuses rows of these ids, as a constraint would: with the whole batch."""
    sizes = list[int]()

    def refuse(records: list[Record]) -> None:
        sizes.append(len(records))
        if any(row.id in bad for row in records):
            raise RowRefused("the org store refused a row: too large")

    before_each_write(monkeypatch, refuse)
    return sizes


def before_each_write(monkeypatch: pytest.MonkeyPatch, do: Callable[[list[Record]], None]) -> None:
    real = SqlStore.recording

    def recording(store: SqlStore, records: list[Record]) -> Callable[[], None]:
        write = real(store, records)
        return lambda: (do(records), write())[1]

    monkeypatch.setattr(SqlStore, "recording", recording)


def test_a_row_that_is_refused_for_good_stops_no_other(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = refusing(monkeypatch, "verdict-70")
    box_of(lab).add(*(verdict(n) for n in range(100)))
    lab.work()
    assert {row.id for row in lab.store.verdicts()} == {f"verdict-{n}" for n in range(100) if n != 70}
    assert [(one.kind, one.why, one.rows) for one in box_of(lab).refused()] == [
        ("Verdict", "the org store refused a row: too large", 1)
    ]
    assert (lab.left(), len(lab.log("rows_set_aside"))) == ([0, 0, 0], 1)
    assert len(sizes) < 20, "by halves"
    monkeypatch.undo()
    monkeypatch.setenv("XDG_DATA_HOME", str(lab.root / "data"))
    box_of(lab).take_back()
    lab.work()
    assert len(lab.store.verdicts()) == 100


def test_what_refuses_every_row_is_no_fault_of_the_rows(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing(monkeypatch, *(f"verdict-{n}" for n in range(10)))
    box_of(lab).add(*(verdict(n) for n in range(10)))
    lab.work()
    assert (box_of(lab).refused(), lab.left()) == ([], [0, 0, 10])
    assert "refuses every row" in str(lab.log("sync_failed")[0]["why"])


def test_a_store_that_goes_away_while_rows_are_singled_out(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was taken is not sent again, and nothing is set aside."""
    calls = list[int]()

    def go_away(records: list[Record]) -> None:
        calls.append(len(records))
        if len(calls) == 1:
            raise RowRefused("too large")
        if len(calls) == 3:
            away()

    with monkeypatch.context() as patch:
        before_each_write(patch, go_away)
        patch.setattr("random.random", lambda: 1.0)
        patch.setattr("hivemind_skillopt.worker.loop.LINGER", 0)
        box_of(lab).add(*(verdict(n) for n in range(10)))
        lab.work()
    assert (calls, box_of(lab).refused(), box_of(lab).count()) == ([10, 5, 5], [], 5)
    lab.now += LONGEST
    lab.work()
    assert len(lab.store.verdicts()) == 10


def test_a_row_of_a_newer_program_is_set_aside(lab: Lab) -> None:
    box_of(lab).add(attribution(), verdict(2))
    with lab.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE outbox SET kind = 'Telepathy' WHERE kind = 'Attribution'")
    lab.work()
    assert [one.why for one in box_of(lab).refused()] == [
        "this hivemind-skillopt cannot read it; upgrade it, then `worker run --now`"
    ]
    assert (lab.left(), len(lab.store.verdicts())) == ([0, 0, 0], 1)


def test_drops_are_logged_once_a_run(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SqlStore, "prepare", away)
    small = Outbox(lab.database, lab.settings.store_id, Limit(rows=20))
    small.add(*(attribution(n, started_at=lab.now) for n in range(20)))
    lab.work()
    assert lab.log("rows_dropped") == []
    for number in range(20, 26):
        small.add(attribution(number, started_at=lab.now))
    for _ in range(2):
        lab.work()
    assert [entry["rows"] for entry in lab.log("rows_dropped")] == [small.dropped(lab.now)]
    assert small.dropped(lab.now) == 6


def test_a_judged_case_is_never_lost(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store goes away between the judge's answer and its consequences."""
    real = Pipeline.judge

    def judge(pipeline: Pipeline, case: Case) -> Judged:
        monkeypatch.setattr(SqlStore, "annotations", away)
        return real(pipeline, case)

    with monkeypatch.context() as patch:
        patch.setattr(Pipeline, "judge", judge)
        lab.use()
        lab.react()
        lab.work()
    monkeypatch.undo()
    monkeypatch.setenv("XDG_DATA_HOME", str(lab.root / "data"))
    lab.now += LONGEST
    lab.work()
    assert (outcomes(lab), versions(lab), lab.left()) == (["skill_fault"], [1, 2], [0, 0, 0])
