"""What the org store decides, whatever keeps its rows. Pure: both stores call this inside their transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from hivemind_skillopt.errors import AlreadyPublished, NotFound, ParentMoved, PublicationHeldBack, StoreError
from hivemind_skillopt.model import (
    DAY,
    SECOND,
    ExpectedOutcome,
    Invocation,
    Policy,
    Proposal,
    ProposalStatus,
    Publication,
    Scope,
    SkillVersion,
)
from hivemind_skillopt.skill_md import parse_skill_md, text_field

Found = TypeVar("Found", Invocation, Proposal)

LOOP = "skillopt"
"""The loop's name among the contributors of a version that came from a proposal."""

FORGOTTEN = "(forgotten at a person's wish)"
"""The reason of a verdict whose session was forgotten."""

WITHOUT_WORDS: Mapping[str, Any] = {
    "edits": (),
    "root_cause": FORGOTTEN,
    "generality": "",
    "expected": ExpectedOutcome("", "", ""),
    "checks": (),
    "status": ProposalStatus.REJECTED,
    "status_reason": FORGOTTEN,
    "not_before": None,
}
"""What becomes of such a session's proposal that was not published. Rejected is final: no row brings the words back."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the store holds that bears on a publication, read in its transaction.

    `used_for`: another publication that came from the same reaction or invocation; `loop_published_at`: when the
    loop published this skill, ns; `status`: of the publication's proposal, None where the store has no such row.
    """

    head: SkillVersion | None
    policy: Policy = Policy.AUTO
    used_for: SkillVersion | None = None
    loop_published_at: tuple[int, ...] = ()
    status: ProposalStatus | None = None


def next_version(publication: Publication, standing: Standing) -> SkillVersion:
    """The version that this publication makes.

    Raises AlreadyPublished, ParentMoved, PublicationHeldBack; StoreError for a retired or locked skill, a
    rejected proposal and for no change; SkillInvalid where SKILL.md is no text.
    """
    if standing.policy is Policy.RETIRED:
        raise StoreError(f"{publication.ref} is retired; revive it first: `hivemind-skillopt revive {publication.ref}`")
    if publication.proposal:
        _check_proposal(publication, standing)
    _check_parent(publication, standing.head)
    _check_frequency(publication, standing.loop_published_at)
    head = standing.head
    return SkillVersion(
        ref=publication.ref,
        version=head.version + 1 if head else 1,
        content_sha256=publication.folder.content_sha256,
        parent_version=head.version if head else None,
        parent_sha256=publication.parent_sha256,
        scope=head.scope if head else publication.scope,
        description=text_field(parse_skill_md(publication.folder.skill_md), "description"),
        contributors=_contributors(publication, head),
        published_by=publication.published_by,
        published_at=publication.published_at,
        proposal_id=publication.proposal.id if publication.proposal else None,
        reverts_version=publication.reverts_version,
    )


def as_published(proposal: Proposal, version: SkillVersion) -> Proposal:
    """The proposal's row after its publication."""
    return replace(
        proposal,
        status=ProposalStatus.PUBLISHED,
        published_version=version.version,
        not_before=None,
        status_reason="",
    )


def visible_to(user: str, version: SkillVersion) -> bool:
    """A `me` skill is for its author alone."""
    return version.scope is Scope.TEAM or version.ref.author == user


def only_invocation(found: Sequence[Invocation], id_start: str) -> Invocation:
    """The one whose id begins with `id_start`. Raises NotFound for none and for several."""
    return _only(found, id_start, "invocation", "verdicts")


def only_proposal(found: Sequence[Proposal], id_start: str) -> Proposal:
    """The one whose id begins with `id_start`. Raises NotFound for none and for several."""
    return _only(found, id_start, "proposal", "proposals list --all")


def _only(found: Sequence[Found], id_start: str, what: str, listing: str) -> Found:
    if not found:
        raise NotFound(f"no {what} '{id_start}' in the store; see `hivemind-skillopt {listing}`")
    if len(found) > 1:
        raise NotFound(f"several {what}s begin with '{id_start}'; write more of the id")
    return found[0]


def _check_proposal(publication: Publication, standing: Standing) -> None:
    if standing.used_for:
        raise AlreadyPublished(f"this reaction has already led to {_named(standing.used_for)}")
    if standing.status is ProposalStatus.REJECTED:
        raise StoreError(f"the proposal for {publication.ref} was rejected; it cannot be published")
    if standing.policy is Policy.LOCKED:
        raise StoreError(f"{publication.ref} is locked; unlock it first")


def _check_parent(publication: Publication, head: SkillVersion | None) -> None:
    if head is None and publication.parent_sha256 is not None:
        raise ParentMoved(f"{publication.ref} has no version in this org; push it as version 1")
    if head is None:
        return
    same = publication.folder.content_sha256 == head.content_sha256
    moved = publication.parent_sha256 != head.content_sha256
    if same and not (moved and publication.proposal):  # a person hears that first; the loop must know of the move
        raise StoreError(f"nothing changed: {_named(head)} has exactly this content")
    if moved:
        raise ParentMoved(f"{_named(head)} was published by {head.published_by}; pull, then push")


def _check_frequency(publication: Publication, loop_published_at: tuple[int, ...]) -> None:
    """The day's cap (UTC) and the cooldown; the later of both is when to try again."""
    if not publication.proposal:
        return
    at, per_day, cooldown = publication.published_at, publication.per_day, publication.cooldown_seconds
    loop_published_at = tuple(earlier for earlier in loop_published_at if earlier - at < DAY)  # later: by a wrong clock
    midnight = at - at % DAY
    not_before = at
    if per_day is not None and sum(earlier >= midnight for earlier in loop_published_at) >= per_day:
        not_before = midnight + DAY
    if cooldown is not None and loop_published_at:
        not_before = max(not_before, max(loop_published_at) + cooldown * SECOND)
    if not_before > at:
        raise PublicationHeldBack(f"{publication.ref} was changed by the loop often enough for now", not_before)


def _contributors(publication: Publication, head: SkillVersion | None) -> tuple[str, ...]:
    names = (*(head.contributors if head else ()), publication.published_by)
    return tuple(dict.fromkeys((*names, LOOP) if publication.proposal else names))


def _named(version: SkillVersion) -> str:
    return f"{version.ref} v{version.version}"
