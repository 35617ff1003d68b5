"""Reaction -> verdict -> proposal -> gate -> version + 1. Knows ports only; each step's result is a value."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from hivemind_skillopt.edits import apply_edits, fingerprint
from hivemind_skillopt.errors import NotFound
from hivemind_skillopt.gate.candidate import Candidate, CheckFunction, Evidence, edited, frozen_by
from hivemind_skillopt.gate.decide import decision, run_checks
from hivemind_skillopt.judgment_window import JudgmentWindow
from hivemind_skillopt.model import (
    DECIDED,
    Check,
    Edit,
    Invocation,
    Outcome,
    Policy,
    Proposal,
    ProposalStatus,
    Publication,
    Reaction,
    Result,
    SkillRef,
    SkillVersion,
    Verdict,
    VersionSource,
    derived_id,
)
from hivemind_skillopt.ports import CaseFile, Clock, Conversation, Draft, Judge, Judgement, Proposer, SkillStore, Turn
from hivemind_skillopt.redaction import redact
from hivemind_skillopt.settings import Mode, Settings, strictest
from hivemind_skillopt.skill_md import parse_skill_md

MAX_QUOTE_CHARS = 200
"""The only words of a conversation that reach the store (DESIGN 3, privacy)."""

REMEMBERED_PROPOSALS = 1000
"""How many earlier proposals of a skill are looked at."""

RECENT_PUBLICATIONS = 10
"""How many published proposals the gate looks back for an edit's inverse."""

NOT_KEPT = "[not kept: the edits together hold what looks like a secret]"

MODE_OF_POLICY = {
    Policy.AUTO: Mode.AUTO,
    Policy.REVIEW: Mode.REVIEW,
    Policy.LOCKED: Mode.OBSERVE,
    Policy.RETIRED: Mode.OBSERVE,
}


@dataclass(frozen=True, slots=True)
class Case:
    """One window's queued reactions and what the transcript tells about them."""

    window: JudgmentWindow
    reactions: tuple[Reaction, ...]
    conversation: Conversation
    renders_as: Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, and the invocation with the version that was really loaded."""

    invocation: Invocation
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The use case. The roles may raise ScorerFailed and BudgetSpent, the store StoreUnavailable."""

    store: SkillStore
    judge_role: Judge
    proposer_role: Proposer
    checks: Sequence[CheckFunction]
    settings: Settings
    clock: Clock
    is_pinned: Callable[[SkillRef], bool] = lambda _: False

    def judge(self, case: Case) -> Judged:
        """Find the version that was really loaded, show it to the judge, and make the row."""
        invocation = self._really_loaded(case)
        judgement = self.judge_role(self._case_file(case, invocation))
        return Judged(invocation, self._verdict(case.reactions, invocation, judgement))

    def without_transcript(self, window: JudgmentWindow, reactions: Sequence[Reaction]) -> Judged:
        """The verdict of a case that nobody can judge: no model call."""
        reason = Judgement(Outcome.UNCLEAR, 0.0, "no_transcript", None, 0, None)
        return Judged(window.invocation, self._verdict(reactions, window.invocation, reason))

    def mode(self, ref: SkillRef, window: JudgmentWindow) -> Mode:
        """The strictest of the mode then and now, the org's, and the skill's policy; a pin here is one, too."""
        here = Mode.OBSERVE if self.is_pinned(ref) else Mode.AUTO
        policy = MODE_OF_POLICY[self.store.policy(ref)]
        return strictest(window.mode, self.settings.mode, self.store.org_mode().mode, policy, here)

    def may_propose(self, verdict: Verdict, window: JudgmentWindow) -> bool:
        """Only a `skill_fault` of a known version, in a mode and policy that may change skills."""
        known = verdict.version_source is not VersionSource.UNKNOWN
        return (
            verdict.outcome is Outcome.SKILL_FAULT
            and known
            and self.mode(verdict.ref, window) in {Mode.REVIEW, Mode.AUTO}
            and not self.overruled(verdict.invocation_id)
        )

    def overruled(self, invocation_id: str) -> str:
        """Why no edit may come of this invocation: a person said that the skill was not at fault. Else ''."""
        said = self.store.annotations([invocation_id]).get(invocation_id)
        if said is None or said.outcome is Outcome.SKILL_FAULT:
            return ""
        return f"{said.annotated_by} says {said.outcome}"

    def propose(self, case: Case, verdict: Verdict) -> Proposal | Draft:
        """A gated proposal on the head; the bare draft where the proposer wants no change."""
        head = self.store.head(verdict.ref)
        if head is None:
            raise NotFound(f"{verdict.ref} is no longer in the store")
        before = self.store.folder(head.ref, head.version).skill_md
        earlier = self._earlier(verdict.ref)
        invocation = replace(case.window.invocation, version=verdict.version, content_sha256=verdict.content_sha256)
        draft = self.proposer_role(
            self._case_file(case, invocation), verdict, _decoded(before), _rejected_words(earlier)
        )
        if not draft.edits:
            return draft
        checks = self._run_gate(case, verdict, before, draft, earlier)
        return self._proposal(case, verdict, head, draft, checks)

    def decided(self, proposal: Proposal) -> Proposal | None:
        """Its row in the store where it is rejected or published already; a person may do that while it waits."""
        stored = self.store.find_proposals([proposal.id]).get(proposal.id)
        return stored if stored and stored.status in DECIDED else None

    def publish(self, proposal: Proposal, agent: str) -> SkillVersion:
        """Version + 1 of a proposal that passed. Raises ParentMoved, AlreadyPublished, PublicationHeldBack."""
        folder = self.store.folder(proposal.ref, proposal.parent_version)
        after = apply_edits(parse_skill_md(folder.skill_md), proposal.edits)
        limits = self.settings.limits
        return self.store.publish(
            Publication(
                ref=proposal.ref,
                folder=folder.with_skill_md(after.data),
                parent_sha256=proposal.parent_sha256,
                published_by=self.settings.user,
                published_at=self.clock(),
                proposal=proposal,
                source_agent=agent,
                per_day=limits.publications_per_day,
                cooldown_seconds=limits.cooldown_seconds,
            )
        )

    def _really_loaded(self, case: Case) -> Invocation:
        """The body in the transcript decides; the disk's version is only the first guess."""
        invocation, conversation = case.window.invocation, case.conversation
        unknown = replace(invocation, version=None, content_sha256=None, version_source=VersionSource.UNKNOWN)
        if conversation.other_skill:
            return unknown
        if conversation.skill_body is None:
            return invocation
        for version in self._candidates(invocation):
            text = _decoded(self.store.folder(version.ref, version.version).skill_md)
            if case.renders_as(text, conversation.skill_body):
                return replace(
                    invocation,
                    version=version.version,
                    content_sha256=version.content_sha256,
                    version_source=VersionSource.TRANSCRIPT,
                )
        return unknown

    def _candidates(self, invocation: Invocation) -> list[SkillVersion]:
        """The version that the disk had first, then the newest to the oldest."""
        newest_first = self.store.history(invocation.ref)[::-1]
        return sorted(newest_first, key=lambda version: version.version != invocation.version)

    def _case_file(self, case: Case, invocation: Invocation) -> CaseFile:
        """The judge sees the INVOKED version, never that there is a newer one."""
        text = case.conversation.skill_body
        if text is None and invocation.version is not None:
            text = _decoded(self.store.folder(invocation.ref, invocation.version).skill_md)
        turns = _up_to_last_reaction(case)
        inline = {turn.reaction_id for turn in turns if turn.is_reaction}
        missing = tuple(reaction.text for reaction in case.reactions if reaction.id not in inline)
        return CaseFile(str(invocation.ref), text or "", turns, missing)

    def _verdict(self, reactions: Sequence[Reaction], invocation: Invocation, judgement: Judgement) -> Verdict:
        last = reactions[-1]
        return Verdict(
            id=derived_id("verdict", invocation.id, last.id),
            invocation_id=invocation.id,
            reaction_ids=tuple(reaction.id for reaction in reactions),
            ref=invocation.ref,
            version=invocation.version,
            content_sha256=invocation.content_sha256,
            version_source=invocation.version_source,
            outcome=judgement.outcome,
            confidence=judgement.confidence,
            reason=redact(judgement.reason),
            quote=self._shared(judgement.quote),
            prompt_version=judgement.prompt_version,
            usage=judgement.usage,
            judged_at=self.clock(),
        )

    def _shared(self, quote: str | None) -> str | None:
        """What the store may have of the user's words."""
        if quote is None:
            return None
        short = redact(quote)[:MAX_QUOTE_CHARS]
        return short if self.settings.share_quotes else f"sha256:{hashlib.sha256(short.encode()).hexdigest()}"

    def _proposal(
        self, case: Case, verdict: Verdict, head: SkillVersion, draft: Draft, checks: tuple[Check, ...]
    ) -> Proposal:
        status, why = self._status(decision(checks), self.mode(verdict.ref, case.window))
        last = case.reactions[-1]
        return Proposal(
            id=derived_id("proposal", verdict.invocation_id, last.id),
            ref=verdict.ref,
            parent_version=head.version,
            parent_sha256=head.content_sha256,
            invocation_id=verdict.invocation_id,
            reaction_id=last.id,
            verdict_id=verdict.id,
            edits=_without_secrets(draft.edits, checks),
            root_cause=draft.root_cause,
            generality=draft.generality,
            expected=draft.expected,
            checks=tuple(replace(check, message=redact(check.message)) for check in checks),
            status=status,
            status_reason=why,
            proposed_by=self.settings.user,
            proposed_at=self.clock(),
            usage=draft.usage,
        )

    def _earlier(self, ref: SkillRef) -> list[Proposal]:
        """The skill's proposals; one whose publication a person rolled back counts as rejected."""
        gone = _rolled_back(self.store.history(ref))
        found = self.store.proposals(ref, limit=REMEMBERED_PROPOSALS)
        return [
            replace(p, status=ProposalStatus.REJECTED, status_reason="a person rolled it back")
            if p.published_version in gone
            else p
            for p in found
        ]

    def _status(self, result: Result, mode: Mode) -> tuple[ProposalStatus, str]:
        if result is Result.REFUSE:
            return ProposalStatus.REJECTED, "the gate refused it"
        if result is Result.HOLD:
            return ProposalStatus.HELD, "the gate holds it for a person"
        if mode is Mode.REVIEW:
            return ProposalStatus.HELD, "everything waits for a person in mode or policy review"
        return ProposalStatus.OPEN, ""

    def _run_gate(
        self, case: Case, verdict: Verdict, before: bytes, draft: Draft, earlier: Sequence[Proposal]
    ) -> tuple[Check, ...]:
        published = [p.edits for p in earlier if p.status is ProposalStatus.PUBLISHED]
        candidate = Candidate(
            before=before,
            after=edited(before, draft.edits),
            edits=draft.edits,
            ref=verdict.ref,
            frozen_by=frozen_by(self.store.policy(verdict.ref)) or ("pinned" if self.is_pinned(verdict.ref) else ""),
            confidence=verdict.confidence,
            confidence_floor=self.settings.limits.confidence_floor,
            evidence=_evidence(case),
            remembered=tuple(fingerprint(p.edits) for p in earlier if p.status is ProposalStatus.REJECTED),
            recent=tuple(published[:RECENT_PUBLICATIONS]),
        )
        return run_checks(candidate, self.checks)


def _without_secrets(edits: tuple[Edit, ...], checks: Iterable[Check]) -> tuple[Edit, ...]:
    """As they may be stored. A secret that only stands in them together is in none of them; so nothing is kept."""
    clean = tuple(
        replace(edit, target=edit.target and redact(edit.target), content=edit.content and redact(edit.content))
        for edit in edits
    )
    if clean == edits and any(check.name == "secret" and check.result is Result.REFUSE for check in checks):
        return tuple(replace(e, target=e.target and NOT_KEPT, content=e.content and NOT_KEPT) for e in edits)
    return clean


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _up_to_last_reaction(case: Case) -> tuple[Turn, ...]:
    """The turns with the reactions marked; what came after the last reaction was not there when it was written."""
    ids = {reaction.id for reaction in case.reactions}
    turns = [replace(turn, is_reaction=turn.reaction_id in ids) for turn in _identified(case)]
    last = max((i for i, turn in enumerate(turns) if turn.reaction_id == case.reactions[-1].id), default=len(turns))
    return tuple(turns[: last + 1])


def _identified(case: Case) -> Sequence[Turn]:
    """Some harnesses' transcripts name no prompt: there a reaction is known by its words, after the invocation.

    Said twice, the last one is the last turn of these words, and so on backwards: an earlier one may be judged already.
    """
    turns, waiting = list(case.conversation.turns), list(case.reactions)
    invoked = next((at for at, turn in enumerate(turns) if turn.at_invocation), len(turns))
    for at in range(len(turns) - 1, invoked, -1):
        said = [reaction for reaction in waiting if reaction.text.strip() == turns[at].text.strip()]
        if said and turns[at].who == "human" and not turns[at].reaction_id:
            turns[at] = replace(turns[at], reaction_id=said[-1].id)
            waiting.remove(said[-1])
    return turns


def _evidence(case: Case) -> Evidence:
    """Who said what: the gate looks for added words that only a tool or a pasted text has."""
    turns = case.conversation.turns
    human = [turn.text for turn in turns if turn.who == "human"]
    return Evidence(
        human=(*human, *(reaction.text for reaction in case.reactions)),
        assistant=tuple(turn.text for turn in turns if turn.who == "assistant"),
        tool=case.conversation.tool_output,
    )


def _rolled_back(history: Sequence[SkillVersion]) -> set[int]:
    """The versions that a later one took back."""
    return {n for v in history if v.reverts_version for n in range(v.reverts_version + 1, v.version)}


def _rejected_words(proposals: Sequence[Proposal]) -> list[str]:
    """What was proposed and rejected before, for the proposer."""
    rejected = [p for p in proposals if p.status is ProposalStatus.REJECTED and p.edits]  # none: it was forgotten
    return [f"{p.status_reason}: " + "; ".join(e.content or e.target or "" for e in p.edits) for p in rejected[:12]]
