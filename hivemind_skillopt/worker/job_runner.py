"""Run one job to its end or to its next wait. Each step's result is committed before the next step begins.

Runs in a pool thread: a hanging model call delays neither the intake nor the pull.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from hivemind_skillopt.errors import (
    AlreadyPublished,
    BudgetSpent,
    ParentMoved,
    PublicationHeldBack,
    SkillOptError,
    StateUnavailable,
    StoreTooOld,
    StoreUnavailable,
)
from hivemind_skillopt.harness import HarnessAdapter
from hivemind_skillopt.hooks.machine import Machine
from hivemind_skillopt.judgment_window import JudgmentWindow, finds_fault
from hivemind_skillopt.model import DAY, Proposal, ProposalStatus, Reaction, Verdict
from hivemind_skillopt.ports import Clock, Conversation, Draft
from hivemind_skillopt.redaction import redact
from hivemind_skillopt.settings import Mode
from hivemind_skillopt.state.back_off import BackOff
from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.jobs import Job, Step
from hivemind_skillopt.state.notes import PULL_DUE, Notes

if TYPE_CHECKING:
    from hivemind_skillopt.pipeline import Case, Judged, Pipeline

TRANSCRIPT_TRIES = 3
TRANSCRIPT_PAUSE = 20_000_000_000
"""ns. A transcript lags behind its hooks: three tries in 60 s, then `no_transcript` (DESIGN 2)."""

Value = TypeVar("Value")

NO_TRANSCRIPT = "the transcript is not there yet"
STRICTER = "the mode or policy has become stricter since"


@dataclass(frozen=True, slots=True)
class JobRunner:
    """Steps: judge -> propose -> publish."""

    database: Database
    machine: Machine
    notes: Notes
    pipeline_for: Callable[[JudgmentWindow], Pipeline]
    adapters: Mapping[str, HarnessAdapter]
    clock: Clock
    back_off: BackOff

    def run(self, job: Job) -> None:
        """Do the job. Raises StateUnavailable only."""
        try:
            self._step(job)
        except StateUnavailable:
            raise  # no room, or a lock: says nothing about the job; the next worker takes it up
        except BudgetSpent as error:
            self._wait_until_midnight(job, str(error))
        except (StoreUnavailable, StoreTooOld) as error:
            self._wait_for_store(job, str(error))
        except SkillOptError as error:
            self._failed(job, redact(str(error)))
        except Exception as error:  # noqa: BLE001  one broken job must not stop the others
            self._failed(job, f"{type(error).__name__} in step {job.step}")

    def _step(self, job: Job) -> None:
        window = self.machine.windows.get(job.window_id)
        if job.step is Step.PUBLISH:
            self._publish(job, window)
            return
        if job.step is Step.JUDGE and self.pipeline_for(window).mode(window.invocation.ref, window) is Mode.OFF:
            self._discard(job)
            return
        conversation = self._adapter(window).read_transcript(window)
        if conversation is None:
            self._without_transcript(job, window)
            return
        case = self._case(job, window, conversation)
        if job.step is Step.JUDGE:
            self._judge(job, case)
        else:
            self._propose(job, case)

    def _adapter(self, window: JudgmentWindow) -> HarnessAdapter:
        return self.adapters[window.invocation.harness]

    def _case(self, job: Job, window: JudgmentWindow, conversation: Conversation) -> Case:
        from hivemind_skillopt.pipeline import Case  # and with it the gate; most runs of the worker have no job

        if job.step is Step.JUDGE:
            window = self._take_absorbed(job, window, conversation)
        reactions = tuple(self.machine.jobs.reactions(job))
        return Case(window, reactions, conversation, self._adapter(window).renders_as)

    def _take_absorbed(self, job: Job, window: JudgmentWindow, conversation: Conversation) -> JudgmentWindow:
        """What the human typed while tools ran fired no hook; it counts all the same."""
        with self.database.transaction():
            current = self.machine.windows.get(window.invocation.id)
            for said in conversation.absorbed:
                reaction = Reaction(said.id, current.invocation.id, said.at, said.text)
                if current.takes("", said.at) and self.machine.jobs.join(job, reaction):
                    current = current.accept()
            self.machine.windows.save(current)
        return current

    def _without_transcript(self, job: Job, window: JudgmentWindow) -> None:
        attempts = job.attempts + 1
        if attempts < TRANSCRIPT_TRIES:
            self.machine.jobs.wait(replace(job, attempts=attempts), self.clock() + TRANSCRIPT_PAUSE, NO_TRANSCRIPT)
        elif job.step is Step.JUDGE:
            reactions = self.machine.jobs.reactions(job)
            self._write_verdict(job, self.pipeline_for(window).without_transcript(window, reactions))
        else:
            self._give_up(job, NO_TRANSCRIPT)

    def _discard(self, job: Job) -> None:
        self.machine.log.write("jobs_discarded", why="mode off", jobs=1)
        self.machine.jobs.done(job)

    def _judge(self, job: Job, case: Case) -> None:
        pipeline = self.pipeline_for(case.window)
        judged = pipeline.judge(case)
        go_on = pipeline.may_propose(judged.verdict, case.window)
        self._write_verdict(job, judged, go_on=go_on)
        if go_on:
            self._propose(self._next(job, Step.PROPOSE, verdict=judged.verdict), case)

    def _write_verdict(self, job: Job, judged: Judged, *, go_on: bool = False) -> None:
        """Verdict, window, outbox and the job's next step: one transaction."""
        machine, verdict = self.machine, judged.verdict
        with self.database.transaction():
            self._after_verdict(job, verdict)
            machine.outbox.add(judged.invocation, verdict)
            if go_on:
                machine.jobs.save(self._next(job, Step.PROPOSE, verdict=verdict))
            else:
                machine.jobs.done(job)
        machine.log.write(
            "verdict", ref=str(verdict.ref), version=verdict.version, outcome=verdict.outcome,
            confidence=verdict.confidence, verdict=verdict.id,
        )  # fmt: skip

    def _after_verdict(self, job: Job, verdict: Verdict) -> None:
        """Of a window that a fault closes, what came while the judge was asked is not judged any more."""
        machine, floor = self.machine, self.machine.settings.limits.confidence_floor
        window = machine.windows.get(job.window_id).after_verdict(verdict.outcome, verdict.confidence, floor)
        machine.windows.save(window)
        self._put_right_marker(window)
        if finds_fault(verdict.outcome, verdict.confidence, floor) and (dropped := machine.jobs.drop_others(job)):
            machine.log.write("jobs_discarded", why="the skill's fault is found", jobs=dropped)

    def _propose(self, job: Job, case: Case) -> None:
        """Unless somebody has become stricter since it was judged: the job may have waited for hours."""
        verdict, pipeline = _present(job.verdict), self.pipeline_for(case.window)
        if not pipeline.may_propose(verdict, case.window):
            self._give_up(job, pipeline.overruled(verdict.invocation_id) or STRICTER)
            return
        if not all(reaction.text for reaction in case.reactions):
            self._give_up(job, "its text was erased after 24 h")
            return
        proposed = pipeline.propose(case, verdict)
        if isinstance(proposed, Draft):
            self.machine.log.write("no_change", ref=str(verdict.ref), verdict=verdict.id)
            self._end(job, "the newer version already covers it")
            return
        self._write_proposal(job, case.window, proposed)

    def _write_proposal(self, job: Job, window: JudgmentWindow, proposal: Proposal) -> None:
        going_on = self._next(job, Step.PUBLISH, verdict=job.verdict, proposal=proposal)
        with self.database.transaction():
            self.machine.outbox.add(proposal)
            if proposal.status is ProposalStatus.OPEN:
                self.machine.jobs.save(going_on)
            else:
                self.machine.jobs.done(job)
        self._log_proposal(proposal)
        if proposal.status is ProposalStatus.OPEN:
            self._publish(going_on, window)

    def _publish(self, job: Job, window: JudgmentWindow) -> None:
        """Unless a person has decided it, or somebody has become stricter since it was proposed."""
        proposal, pipeline = _present(job.proposal), self.pipeline_for(window)
        if decided := pipeline.decided(proposal):
            self._leave_decided(job, decided)
        elif pipeline.mode(proposal.ref, window) is not Mode.AUTO:
            self._settle(job, proposal, ProposalStatus.HELD, STRICTER)
        elif self.machine.is_paused():
            self.machine.jobs.wait(job, self.clock(), "paused")
        elif overruled := pipeline.overruled(proposal.invocation_id):
            self._settle(job, proposal, ProposalStatus.REJECTED, overruled)
        else:
            self._send_out(job, proposal, pipeline, window)

    def _send_out(self, job: Job, proposal: Proposal, pipeline: Pipeline, window: JudgmentWindow) -> None:
        """Version + 1, or what the store says instead. The note of the pull survives a killed worker."""
        try:
            version = pipeline.publish(proposal, window.invocation.harness)
        except ParentMoved:
            self._propose_again(job, proposal)
        except AlreadyPublished as error:
            self._settle(job, proposal, ProposalStatus.HELD, str(error))
        except PublicationHeldBack as error:
            self._hold_back(job, proposal, error)
        else:
            with self.database.transaction():
                self.machine.jobs.done(job)
                self.notes.put(PULL_DUE, proposal.id)
            self.machine.log.write("published", ref=str(version.ref), version=version.version, proposal=proposal.id)

    def _leave_decided(self, job: Job, decided: Proposal) -> None:
        """Its row stays as it is. What we published ourselves, and were killed then, is still to be pulled."""
        with self.database.transaction():
            self.machine.jobs.done(job)
            if decided.status is ProposalStatus.PUBLISHED:
                self.notes.put(PULL_DUE, decided.id)
        self._log_proposal(decided)

    def _propose_again(self, job: Job, proposal: Proposal) -> None:
        """Somebody was faster: once more on the new head, with the same evidence; then it is stale."""
        if job.rounds > 0:
            self._settle(job, proposal, ProposalStatus.STALE, "another publication came first, twice")
            return
        again = replace(self._next(job, Step.PROPOSE, verdict=job.verdict, proposal=proposal), rounds=1)
        self.machine.jobs.wait(again, self.clock(), "another publication came first")

    def _hold_back(self, job: Job, proposal: Proposal, error: PublicationHeldBack) -> None:
        """A cap or the cooldown is no refusal: the proposal stays open."""
        waiting = replace(proposal, not_before=error.not_before_ns, status_reason=str(error))
        with self.database.transaction():
            self.machine.outbox.add(waiting)
            self.machine.jobs.wait(replace(job, proposal=waiting), error.not_before_ns, str(error))
        self._log_proposal(waiting)

    def _settle(self, job: Job, proposal: Proposal, status: ProposalStatus, why: str) -> None:
        settled = replace(proposal, status=status, status_reason=why)
        with self.database.transaction():
            self.machine.outbox.add(settled)
            self.machine.jobs.done(job)
        self._log_proposal(settled)

    def _give_up(self, job: Job, why: str) -> None:
        self.machine.log.write("gave_up", job=job.id, why=why)
        self._end(job, why)

    def _end(self, job: Job, why: str) -> None:
        """Nothing more will come of it; a proposal that lost the race before is stale now."""
        if job.proposal is None:
            self.machine.jobs.done(job)
        else:
            self._settle(job, job.proposal, ProposalStatus.STALE, why)

    def _next(self, job: Job, step: Step, *, verdict: Verdict | None, proposal: Proposal | None = None) -> Job:
        return replace(job, step=step, attempts=0, last_error="", verdict=verdict, proposal=proposal)

    def _failed(self, job: Job, why: str) -> None:
        current = self.machine.jobs.get(job.id) or job
        status = self.machine.jobs.put_off(current, self.clock(), why)
        self.machine.log.write("job_failed", job=job.id, step=current.step, why=why, status=status)

    def _wait_for_store(self, job: Job, why: str) -> None:
        """No attempt of the job. It stays due: no job is taken before the store is asked again, be it days later."""
        now, current = self.clock(), self.machine.jobs.get(job.id) or job
        self.back_off.failed(now)
        self.machine.jobs.wait(current, now, why)
        self.machine.log.write("job_waits", job=job.id, step=current.step, why=why)

    def _wait_until_midnight(self, job: Job, why: str) -> None:
        current = self.machine.jobs.get(job.id) or job
        self.machine.jobs.wait(current, (self.clock() // DAY + 1) * DAY, why)
        self.machine.log.write("budget_spent", job=job.id, why=why)

    def _put_right_marker(self, window: JudgmentWindow) -> None:
        self.machine.put_right_marker(window.invocation.harness, window.invocation.session_id)

    def _log_proposal(self, proposal: Proposal) -> None:
        self.machine.log.write(
            "proposal", ref=str(proposal.ref), status=proposal.status, why=proposal.status_reason, proposal=proposal.id
        )


def _present(value: Value | None) -> Value:
    """A job of this step always has it; anything else is our mistake."""
    if value is None:
        raise ValueError("the job lacks what its step needs")
    return value
