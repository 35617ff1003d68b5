"""A person decides on a proposal: what it would make of today's head, its publication, its rejection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hivemind_skillopt.edits import fingerprint
from hivemind_skillopt.errors import NotFound, StoreError
from hivemind_skillopt.gate.candidate import Candidate, CheckFunction, edited, frozen_by
from hivemind_skillopt.gate.decide import run_checks
from hivemind_skillopt.model import (
    Check,
    Proposal,
    ProposalStatus,
    Publication,
    Result,
    SkillFolder,
    SkillVersion,
)
from hivemind_skillopt.ports import SkillStore
from hivemind_skillopt.redaction import redact

WAITING = (ProposalStatus.HELD, ProposalStatus.OPEN, ProposalStatus.STALE)
"""What a person can still accept or reject."""

MAX_REASON_CHARS = 300
"""As long as a judge's reason."""

MOST_REMEMBERED = 1000
"""Rejected proposals of the skill that the gate compares with."""


@dataclass(frozen=True, slots=True)
class OnHead:
    """The proposal's edits on today's head. `checks`: the gate's, without what only the transcript could tell it."""

    head: SkillVersion
    before: SkillFolder
    after: SkillFolder
    checks: tuple[Check, ...]

    @property
    def refusals(self) -> list[Check]:
        """Why nobody can accept it."""
        return [check for check in self.checks if check.result is Result.REFUSE]


@dataclass(frozen=True, slots=True)
class Review:
    """The use case."""

    store: SkillStore
    checks: Sequence[CheckFunction]

    def on_head(self, proposal: Proposal) -> OnHead:
        """Raises NotFound where the skill is gone."""
        head = self.store.head(proposal.ref)
        if head is None:
            raise NotFound(f"{proposal.ref} is no longer in the store")
        before = self.store.folder(head.ref, head.version)
        after = before.with_skill_md(edited(before.skill_md, proposal.edits))
        return OnHead(head, before, after, self._run_gate(proposal, before, after))

    def acceptable(self, proposal: Proposal) -> OnHead:
        """What would be published. Raises StoreError where it is decided, or where the gate refuses it now."""
        refuse_decided(proposal)
        found = self.on_head(proposal)
        if found.refusals:
            raise StoreError(f"it cannot be published: {found.refusals[0].message}")
        return found

    def accept(self, proposal: Proposal, user: str, at: int) -> SkillVersion:
        """Version + 1 on today's head. Raises as `acceptable`, and ParentMoved, AlreadyPublished."""
        found = self.acceptable(proposal)
        head = found.head
        on_parent = replace(proposal, parent_version=head.version, parent_sha256=head.content_sha256)
        return self.store.publish(
            Publication(
                ref=proposal.ref,
                folder=found.after,
                parent_sha256=head.content_sha256,
                published_by=user,
                published_at=at,
                proposal=on_parent,
            )
        )

    def reject(self, proposal: Proposal, user: str, reason: str) -> Proposal:
        """Nobody proposes the same again. Raises StoreError where it is decided, also meanwhile."""
        refuse_decided(proposal)
        why = f"{user}: {' '.join(redact(reason).split())}"[:MAX_REASON_CHARS]
        rejected = replace(proposal, status=ProposalStatus.REJECTED, status_reason=why, not_before=None)
        self.store.record([rejected])
        now = self.store.find_proposals([proposal.id])[proposal.id]
        if now != rejected:
            refuse_decided(now)
        return now

    def _run_gate(self, proposal: Proposal, before: SkillFolder, after: SkillFolder) -> tuple[Check, ...]:
        rejected = self.store.proposals(proposal.ref, MOST_REMEMBERED, (ProposalStatus.REJECTED,))
        candidate = Candidate(
            before=before.skill_md,
            after=after.skill_md,
            edits=proposal.edits,
            ref=proposal.ref,
            frozen_by=frozen_by(self.store.policy(proposal.ref)),
            remembered=tuple(fingerprint(other.edits) for other in rejected if other.id != proposal.id),
        )
        return run_checks(candidate, self.checks)


def refuse_decided(proposal: Proposal) -> None:
    """Raises StoreError, which says how it ended."""
    if proposal.status is ProposalStatus.PUBLISHED:
        back = f"hivemind-skillopt rollback {proposal.ref} --to {(proposal.published_version or 2) - 1}"
        raise StoreError(f"it was published as {proposal.ref} v{proposal.published_version}; to take it back: `{back}`")
    if proposal.status is ProposalStatus.REJECTED:
        raise StoreError(f"it was rejected ({proposal.status_reason}); edit the skill and push it if you want it")
