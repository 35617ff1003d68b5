"""Why there is a version: who published it and, where the loop did, what it learned and from which words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hivemind_skillopt.cli.output import iso, one_line
from hivemind_skillopt.model import Annotation, Outcome, Proposal, SkillVersion, Verdict
from hivemind_skillopt.ports import SkillStore

ABRIDGED = 72
"""Characters of a sentence that are shown where the rest is a command away."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, and the annotation of its invocation, which overrides it."""

    verdict: Verdict
    annotation: Annotation | None

    @property
    def outcome(self) -> Outcome:
        """What counts."""
        return self.annotation.outcome if self.annotation else self.verdict.outcome


@dataclass(frozen=True, slots=True)
class Origin:
    """A version with the rows that explain it, as far as they have come to the store."""

    version: SkillVersion
    proposal: Proposal | None = None
    judged: Judged | None = None

    @property
    def missing(self) -> str | None:
        """The row that would explain it and is not there: `proposal` or `verdict`."""
        if self.version.proposal_id is None:
            return None
        if self.proposal is None:
            return "proposal"
        return None if self.judged else "verdict"


def causes(store: SkillStore, versions: Sequence[SkillVersion]) -> dict[int, str]:
    """Of each version why it is there, in a few words; one query."""
    proposals = _proposals(store, versions)
    return {v.version: _cause(v, proposals.get(v.proposal_id or "")) for v in versions}


def find_origins(store: SkillStore, versions: Sequence[SkillVersion]) -> dict[int, Origin]:
    """By version; three queries, however many versions."""
    proposals = _proposals(store, versions)
    verdicts = store.find_verdicts([proposal.verdict_id for proposal in proposals.values()])
    said = store.annotations([verdict.invocation_id for verdict in verdicts.values()])

    def judged(verdict: Verdict | None) -> Judged | None:
        return Judged(verdict, said.get(verdict.invocation_id)) if verdict else None

    found = {}
    for version in versions:
        proposal = proposals.get(version.proposal_id or "")
        verdict = verdicts.get(proposal.verdict_id) if proposal else None
        found[version.version] = Origin(version, proposal, judged(verdict))
    return found


def _proposals(store: SkillStore, versions: Sequence[SkillVersion]) -> dict[str, Proposal]:
    return store.find_proposals([version.proposal_id for version in versions if version.proposal_id])


def _cause(version: SkillVersion, proposal: Proposal | None) -> str:
    if version.reverts_version:
        return f"rolled back to v{version.reverts_version}"
    if version.proposal_id is None:
        return "pushed"
    return f"learned: {abridged(proposal.root_cause)}" if proposal else "learned from a reaction"


def abridged(text: str) -> str:
    """The first line of what somebody wrote at length."""
    lines = text.strip().splitlines() or [""]
    line = one_line(lines[0])
    return line if len(lines) == 1 and len(line) <= ABRIDGED else f"{line[: ABRIDGED - 3].rstrip()}..."


def heading(origin: Origin) -> str:
    """Who brought it, how and when."""
    version = origin.version
    how = "pushed by" if version.proposal_id is None else "learned from a reaction and published by"
    if version.reverts_version:
        how = f"rolled back to v{version.reverts_version} by"
    return f"v{version.version}  {how} {one_line(version.published_by)}, {iso(version.published_at)}"


def reasons(origin: Origin) -> list[str]:
    """What led to a version of the loop: a paragraph each. None for what a person published."""
    if origin.missing == "proposal":
        return ["its proposal is not in the store, so that nobody can say here what it learned"]
    if origin.proposal is None:
        return []
    first, *others = evidence(origin.judged)
    root_cause = f"root cause: {one_line(origin.proposal.root_cause)}"
    return [first, root_cause, *others] if origin.judged else [root_cause, first]


def evidence(judged: Judged | None) -> list[str]:
    """The user's words first, then the verdict on them and what a person says of it."""
    if judged is None:
        return ["its verdict has not arrived: the machine that made it has not sent it yet"]
    return [_quoted(judged.verdict), *_verdict(judged)]


def _quoted(verdict: Verdict) -> str:
    if verdict.quote is None:
        return "because of what a user wrote (no quote is kept)"
    if verdict.quote.startswith("sha256:"):
        return f"because of what a user wrote (quotes are not shared; {one_line(verdict.quote[:19])})"
    return f'because a user wrote: "{one_line(verdict.quote)}"'


def _verdict(judged: Judged) -> list[str]:
    verdict, annotation = judged.verdict, judged.annotation
    told = [f"verdict: {verdict.outcome}, confidence {verdict.confidence:g}: {one_line(verdict.reason)}"]
    if annotation:
        note = f": {one_line(annotation.note)}" if annotation.note else ""
        told.append(f"{one_line(annotation.annotated_by)} says {annotation.outcome}{note}")
    return told


def facts(origin: Origin) -> dict[str, object]:
    """For programs. `outcome` is what counts: a person's word before the judge's."""
    version, proposal, judged = origin.version, origin.proposal, origin.judged
    annotation = judged.annotation if judged else None
    return {
        "version": version.version,
        "published_by": version.published_by,
        "published_at": iso(version.published_at),
        "proposal_id": version.proposal_id,
        "root_cause": proposal.root_cause if proposal else None,
        "verdict_id": proposal.verdict_id if proposal else None,
        "invocation_id": proposal.invocation_id if proposal else None,
        "outcome": judged.outcome if judged else None,
        "confidence": judged.verdict.confidence if judged else None,
        "reason": judged.verdict.reason if judged else None,
        "quote": judged.verdict.quote if judged else None,
        "annotation": annotation_facts(annotation) if annotation else None,
        "missing": origin.missing,
    }


def annotation_facts(annotation: Annotation) -> dict[str, object]:
    """For programs."""
    return {
        "outcome": annotation.outcome,
        "note": annotation.note,
        "by": annotation.annotated_by,
        "at": iso(annotation.annotated_at),
    }
