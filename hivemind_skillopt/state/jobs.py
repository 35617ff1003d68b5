"""Jobs: what one worker run leaves for itself or the next. Reactions wait here until their job is done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy import ColumnElement, RowMapping, and_, delete, func, insert, literal_column, or_, select, update

from hivemind_skillopt.model import DAY, SECOND, TEXT_AGE, Proposal, Reaction, Verdict, derived_id
from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.schema import jobs, reactions, windows
from hivemind_skillopt.state.values import dump, load

FAILED_AGE = 7 * DAY
"""How long a failed job stays in `status`."""

MAX_ATTEMPTS = 8
"""Then the job fails visibly. With BACK_OFF the last try comes about two hours after the first."""

BACK_OFF = (20, 60, 180, 600, 1200, 2400, 3600)
"""Seconds before the next attempt, by the number of attempts made."""


class Step(StrEnum):
    """What a job does next. Each step's result is written down before the next one begins."""

    JUDGE = "judge"
    PROPOSE = "propose"
    PUBLISH = "publish"


class JobStatus(StrEnum):
    """`running` is `due` again when a worker finds it at its start: its worker died."""

    DUE = "due"
    RUNNING = "running"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Postponed:
    """Jobs that wait for one reason, the first of them until then (ns)."""

    why: str
    jobs: int
    until: int


@dataclass(frozen=True, slots=True)
class Job:
    """The work on one window's queued reactions. `rounds`: publications lost to somebody faster."""

    id: str
    window_id: str
    created_at: int
    step: Step = Step.JUDGE
    status: JobStatus = JobStatus.DUE
    not_before: int = 0
    attempts: int = 0
    rounds: int = 0
    last_error: str = ""
    verdict: Verdict | None = None
    proposal: Proposal | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Whose jobs a worker does: those of its own store and harness homes. Others wait for their own worker."""

    store_id: str
    homes: frozenset[str]


class Jobs:
    """The tables of jobs and reactions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_reaction(self, reaction: Reaction, *, judged: bool) -> bool:
        """Queue a reaction; one that is not to be judged is only remembered. False when it was there."""
        with self._database.transaction():
            if self._knows(reaction):
                return False
            job_id = self._job_for(reaction) if judged else None
            self._remember(reaction, job_id)
            return True

    def _job_for(self, reaction: Reaction) -> str:
        """The window's waiting judge job: reactions that queue up are judged in one call. Else a new one."""
        waiting = and_(
            jobs.c.window_id == reaction.window_id, jobs.c.step == Step.JUDGE, jobs.c.status == JobStatus.DUE
        )
        with self._database.transaction() as connection:
            found = connection.scalar(select(jobs.c.id).where(waiting))
            if found is not None:
                return str(found)
            job_id = derived_id("job", reaction.window_id, reaction.id)
            self._insert(Job(job_id, reaction.window_id, reaction.at))
            return job_id

    def get(self, job_id: str) -> Job | None:
        """As it stands in the table."""
        with self._database.transaction() as connection:
            row = connection.execute(select(jobs).where(jobs.c.id == job_id)).mappings().first()
        return _job(row) if row else None

    def reactions(self, job: Job) -> list[Reaction]:
        """The job's reactions, oldest first."""
        as_taken_in: ColumnElement[int] = literal_column("rowid")
        found = select(reactions).where(reactions.c.job_id == job.id).order_by(reactions.c.at, as_taken_in)
        with self._database.transaction() as connection:
            rows = connection.execute(found).all()
        return [Reaction(row.id, row.window_id, row.at, row.text or "") for row in rows]

    def take_due(self, now: int, place: Place) -> list[Job]:
        """Mark what is due here as running and return it, oldest first. A window's reactions are judged one job after
        the other: the verdict on the first may make the second needless."""
        due = and_(_has_its_turn(place), jobs.c.not_before <= now)
        with self._database.transaction() as connection:
            rows = connection.execute(select(jobs).where(due).order_by(jobs.c.created_at)).mappings().all()
            connection.execute(update(jobs).where(due).values(status=JobStatus.RUNNING))
        return [replace(_job(row), status=JobStatus.RUNNING) for row in rows]

    def next_due(self, place: Place) -> int | None:
        """When the next job that waits here may run (ns), or None."""
        earliest = select(func.min(jobs.c.not_before)).where(_has_its_turn(place))
        with self._database.transaction() as connection:
            found: int | None = connection.scalar(earliest)
        return found

    def revive(self) -> None:
        """At a worker's start: what was running has no worker any more."""
        with self._database.transaction() as connection:
            connection.execute(update(jobs).where(jobs.c.status == JobStatus.RUNNING).values(status=JobStatus.DUE))

    def save(self, job: Job) -> None:
        """Write back a changed job."""
        with self._database.transaction() as connection:
            connection.execute(update(jobs).where(jobs.c.id == job.id).values(_row(job)))

    def put_off(self, job: Job, now: int, error: str) -> JobStatus:
        """A failed attempt: back-off, then visible failure."""
        attempts = job.attempts + 1
        if attempts >= MAX_ATTEMPTS:
            self.save(replace(job, attempts=attempts, status=JobStatus.FAILED, last_error=error))
            self._erase_text(reactions.c.job_id == job.id)
            return JobStatus.FAILED
        delay = BACK_OFF[min(attempts, len(BACK_OFF)) - 1] * SECOND
        self.wait(replace(job, attempts=attempts), now + delay, error)
        return JobStatus.DUE

    def wait(self, job: Job, until: int, why: str) -> None:
        """No failure: the job is due again at `until` (ns)."""
        self.save(replace(job, status=JobStatus.DUE, not_before=until, last_error=why))

    def join(self, job: Job, reaction: Reaction) -> bool:
        """Give a running job one more reaction; False when it was there."""
        with self._database.transaction():
            if self._knows(reaction):
                return False
            self._remember(reaction, job.id)
            return True

    def _knows(self, reaction: Reaction) -> bool:
        key = and_(reactions.c.id == reaction.id, reactions.c.window_id == reaction.window_id)
        with self._database.transaction() as connection:
            return connection.scalar(select(reactions.c.id).where(key)) is not None

    def _remember(self, reaction: Reaction, job_id: str | None) -> None:
        """Text is kept only for a job that needs it."""
        row = {"id": reaction.id, "window_id": reaction.window_id, "at": reaction.at, "job_id": job_id}
        with self._database.transaction() as connection:
            connection.execute(insert(reactions).values(**row, text=reaction.text if job_id else None))

    def done(self, job: Job) -> None:
        """Remove the job and the text of its reactions."""
        with self._database.transaction() as connection:
            connection.execute(delete(jobs).where(jobs.c.id == job.id))
            self._erase_text(reactions.c.job_id == job.id)

    def drop_others(self, job: Job) -> int:
        """Discard what else waits for the judge in the job's window, and its text; how many jobs there were."""
        others = and_(jobs.c.window_id == job.window_id, jobs.c.id != job.id, _TO_JUDGE)
        with self._database.transaction() as connection:
            self._erase_text(reactions.c.job_id.in_(select(jobs.c.id).where(others)))
            return connection.execute(delete(jobs).where(others)).rowcount

    def drop_waiting(self, place: Place) -> int:
        """Discard the jobs that wait here (mode `off`), and every text; how many there were. One that has a proposal in
        the store stays: when its time comes, it says there that nobody but a person will decide it."""
        with self._database.transaction() as connection:
            waiting = list(connection.scalars(select(jobs.c.id).where(_waits_at(place))))
            without_proposal = and_(jobs.c.id.in_(waiting), jobs.c.proposal.is_(None))
            dropped = connection.execute(delete(jobs).where(without_proposal)).rowcount
            self._erase_text(reactions.c.job_id.in_(waiting))
        return dropped

    def drop_all(self) -> None:
        """Nothing is judged any more: every job goes, and every text."""
        with self._database.transaction() as connection:
            connection.execute(delete(jobs))
            self._erase_text(reactions.c.text.is_not(None))

    def forget_old(self, now: int) -> None:
        """Raw text older than TEXT_AGE goes, and a judge job that needed it fails; failed jobs go after FAILED_AGE."""
        old = and_(reactions.c.at < now - TEXT_AGE, reactions.c.text.is_not(None))
        with self._database.transaction() as connection:
            needed = select(reactions.c.job_id).where(old)
            waiting = and_(jobs.c.id.in_(needed), jobs.c.step == Step.JUDGE, jobs.c.status == JobStatus.DUE)
            values = {"status": JobStatus.FAILED, "last_error": "not judged within 24 h"}
            connection.execute(update(jobs).where(waiting).values(values))
            self._erase_text(old)
            gone = and_(jobs.c.status == JobStatus.FAILED, jobs.c.created_at < now - FAILED_AGE)
            connection.execute(delete(jobs).where(gone))

    def hurry(self) -> None:
        """Make every waiting job due now."""
        with self._database.transaction() as connection:
            connection.execute(update(jobs).where(jobs.c.status == JobStatus.DUE).values(not_before=0))

    def all(self) -> list[Job]:
        """Every job, oldest first."""
        with self._database.transaction() as connection:
            return [_job(row) for row in connection.execute(select(jobs).order_by(jobs.c.created_at)).mappings()]

    def put_times_right(self, now: int) -> None:
        """After the clock was set back: what is dated later than now is of now, and nothing waits longer than a day."""
        late = and_(jobs.c.status == JobStatus.DUE, jobs.c.created_at > now)
        too_late = and_(jobs.c.status == JobStatus.DUE, jobs.c.not_before > now + DAY)
        with self._database.transaction() as connection:
            connection.execute(update(jobs).where(or_(late, too_late)).values(not_before=now))
            connection.execute(update(jobs).where(jobs.c.created_at > now).values(created_at=now))
            connection.execute(update(reactions).where(reactions.c.at > now).values(at=now))

    def counts(self) -> dict[str, int]:
        """Jobs by status."""
        with self._database.transaction() as connection:
            rows = connection.execute(select(jobs.c.status, func.count()).group_by(jobs.c.status)).all()
        return {str(row[0]): int(row[1]) for row in rows}

    def owners(self) -> list[tuple[str, str]]:
        """Store id and harness home of each job that is not given up."""
        whose = select(windows.c.store_id, windows.c.home).join(jobs, jobs.c.window_id == windows.c.id)
        with self._database.transaction() as connection:
            rows = connection.execute(whose.where(jobs.c.status != JobStatus.FAILED)).all()
        return [(row.store_id, row.home) for row in rows]

    def postponed(self, now: int) -> list[Postponed]:
        """What is due later, by reason; the most first."""
        count = func.count().label("jobs")
        later = (jobs.c.status == JobStatus.DUE, jobs.c.not_before > now, jobs.c.last_error != "")
        found = select(jobs.c.last_error, count, func.min(jobs.c.not_before)).where(*later)
        with self._database.transaction() as connection:
            rows = connection.execute(found.group_by(jobs.c.last_error).order_by(count.desc())).all()
        return [Postponed(*row) for row in rows]

    def failures(self) -> list[Job]:
        """Jobs that gave up, newest first."""
        found = select(jobs).where(jobs.c.status == JobStatus.FAILED).order_by(jobs.c.created_at.desc())
        with self._database.transaction() as connection:
            return [_job(row) for row in connection.execute(found).mappings()]

    def _insert(self, job: Job) -> None:
        with self._database.transaction() as connection:
            connection.execute(insert(jobs).values(_row(job)))

    def _erase_text(self, which: ColumnElement[bool]) -> None:
        with self._database.transaction() as connection:
            connection.execute(update(reactions).where(which).values(text=None))


_TO_JUDGE = and_(jobs.c.step == Step.JUDGE, jobs.c.status.in_((JobStatus.DUE, JobStatus.RUNNING)))


def _has_its_turn(place: Place) -> ColumnElement[bool]:
    """It waits here, and no other job of its window is with the judge or was there first."""
    as_added: ColumnElement[int] = literal_column("rowid")
    order = (jobs.c.status != JobStatus.RUNNING, jobs.c.created_at, as_added)
    place_in_line = func.row_number().over(partition_by=jobs.c.window_id, order_by=order).label("place_in_line")
    line = select(jobs.c.id, place_in_line).where(_TO_JUDGE).subquery()
    first = jobs.c.id.in_(select(line.c.id).where(line.c.place_in_line == 1))
    return and_(_waits_at(place), or_(jobs.c.step != Step.JUDGE, first))


def _waits_at(place: Place) -> ColumnElement[bool]:
    here = and_(windows.c.store_id == place.store_id, windows.c.home.in_(place.homes))
    return and_(jobs.c.status == JobStatus.DUE, jobs.c.window_id.in_(select(windows.c.id).where(here)))


def _row(job: Job) -> dict[str, object]:
    return {
        "id": job.id,
        "window_id": job.window_id,
        "created_at": job.created_at,
        "step": job.step,
        "status": job.status,
        "not_before": job.not_before,
        "attempts": job.attempts,
        "rounds": job.rounds,
        "last_error": job.last_error,
        "verdict": dump(job.verdict) if job.verdict else None,
        "proposal": dump(job.proposal) if job.proposal else None,
    }


def _job(row: RowMapping) -> Job:
    return Job(
        id=row["id"],
        window_id=row["window_id"],
        created_at=row["created_at"],
        step=Step(row["step"]),
        status=JobStatus(row["status"]),
        not_before=row["not_before"],
        attempts=row["attempts"],
        rounds=row["rounds"],
        last_error=row["last_error"],
        verdict=load(Verdict, row["verdict"]) if row["verdict"] else None,
        proposal=load(Proposal, row["proposal"]) if row["proposal"] else None,
    )
