"""The org store in memory: the shipped fake, for tests and the demo. The rules are the real store's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from threading import Lock
from typing import TypeVar

from hivemind_skillopt.errors import NotFound
from hivemind_skillopt.model import (
    DECIDED,
    Annotation,
    Attribution,
    Invocation,
    Policy,
    Proposal,
    ProposalStatus,
    Publication,
    Record,
    SkillChange,
    SkillFolder,
    SkillRef,
    SkillVersion,
    Verdict,
    VersionSource,
)
from hivemind_skillopt.ports import OnUnreadable, SessionWords, SkillStore
from hivemind_skillopt.settings import OrgMode
from hivemind_skillopt.store.folder_rules import check_folder
from hivemind_skillopt.store.rules import (
    FORGOTTEN,
    WITHOUT_WORDS,
    Standing,
    as_published,
    next_version,
    only_invocation,
    only_proposal,
    visible_to,
)

Of = TypeVar("Of", Proposal, Verdict)


class MemoryStore(SkillStore):
    """One org's rows in dicts, behind one lock."""

    def __init__(self, org: str) -> None:
        self.org = org
        self._lock = Lock()
        self._versions: defaultdict[SkillRef, list[SkillVersion]] = defaultdict(list)
        self._folders: dict[tuple[SkillRef, int], SkillFolder] = {}
        self._publications: dict[str, tuple[Proposal, SkillVersion]] = {}
        self._org_mode = OrgMode()
        self._policies: defaultdict[SkillRef, list[Policy]] = defaultdict(list)
        self._numbers: defaultdict[SkillRef, list[int]] = defaultdict(list)
        self._last_number = 0
        self._attributions: dict[str, Attribution] = {}
        self._invocations: dict[str, Invocation] = {}
        self._verdicts: dict[str, Verdict] = {}
        self._proposals: dict[str, Proposal] = {}
        self._annotations: dict[str, Annotation] = {}

    def prepare(self) -> None:
        """There is no schema."""

    def migrate(self) -> list[str]:
        """There is no schema."""
        return []

    def close(self) -> None:
        """There is no connection."""

    def publish(self, publication: Publication) -> SkillVersion:
        """Compare-and-set publish of version n+1. See the port; SkillInvalid for a folder that may not be."""
        check_folder(publication.folder)
        with self._lock:
            proposal = publication.proposal
            if proposal and proposal.id in self._publications:
                return self._publications[proposal.id][1]
            version = next_version(publication, self._standing(publication))
            self._keep(publication, version)
            return version

    def head(self, ref: SkillRef) -> SkillVersion | None:
        """The newest version."""
        return next(iter(self.history(ref)[::-1]), None)

    def history(self, ref: SkillRef) -> list[SkillVersion]:
        """All versions, oldest first."""
        with self._lock:
            return list(self._versions.get(ref, ()))

    def folder(self, ref: SkillRef, version: int) -> SkillFolder:
        """The bytes of one version. Raises NotFound."""
        with self._lock:
            found = self._folders.get((ref, version))
        if found is None:
            raise NotFound(f"{ref} has no version {version} in this org")
        return found

    def changes(
        self,
        user: str,
        since: int = 0,
        again: Sequence[int] = (),
        limit: int | None = None,
        on_unreadable: OnUnreadable | None = None,  # noqa: ARG002  nothing in here is
    ) -> list[SkillChange]:
        """Each skill that `user` may see and that was published, or given a policy, after that change number."""
        with self._lock:
            asked = (ref for ref in self._versions if any(n > since or n in again for n in self._numbers[ref]))
            found = [self._change(ref) for ref in asked]
        seen = (change for change in found if visible_to(user, change.head))
        return sorted(seen, key=lambda change: change.number)[:limit]

    def published_since(self, at: int) -> int:
        """How many versions the loop has published since then (ns)."""
        with self._lock:
            return sum(version.published_at >= at for _, version in self._publications.values())

    def policy(self, ref: SkillRef) -> Policy:
        """`auto` where nothing else was set."""
        with self._lock:
            return self._policy(ref)

    def policies(self, ref: SkillRef) -> list[Policy]:
        """All that were ever set, oldest first."""
        with self._lock:
            return list(self._policies.get(ref, ()))

    def set_policy(self, ref: SkillRef, policy: Policy, user: str, at: int) -> None:  # noqa: ARG002 (the port's)
        """The last one wins."""
        with self._lock:
            self._policies[ref].append(policy)
            self._take_number(ref)

    def org_mode(self) -> OrgMode:
        """`auto` by nobody where none was set."""
        with self._lock:
            return self._org_mode

    def set_org_mode(self, mode: OrgMode) -> None:
        """The last one wins."""
        with self._lock:
            self._org_mode = mode

    def record(self, records: Sequence[Record]) -> None:
        """Add rows, idempotent by id."""
        with self._lock:
            for record in records:
                self._add(record)

    def attributions(self, limit: int = 100) -> list[Attribution]:
        """Newest first."""
        with self._lock:
            return sorted(self._attributions.values(), key=lambda row: (-row.started_at, row.id))[:limit]

    def invocations(self, limit: int = 100) -> list[Invocation]:
        """Newest first."""
        with self._lock:
            return sorted(self._invocations.values(), key=lambda row: (-row.invoked_at, row.id))[:limit]

    def find_invocation(self, id_start: str) -> Invocation:
        """The one whose id begins so. Raises NotFound."""
        with self._lock:
            return only_invocation([row for row in self._invocations.values() if row.id.startswith(id_start)], id_start)

    def verdicts(self, ref: SkillRef | None = None, limit: int = 100) -> list[Verdict]:
        """Newest first."""
        with self._lock:
            return sorted(_of(ref, self._verdicts.values()), key=lambda row: (-row.judged_at, row.id))[:limit]

    def proposals(
        self, ref: SkillRef | None = None, limit: int = 100, statuses: Sequence[ProposalStatus] = ()
    ) -> list[Proposal]:
        """Newest first."""
        with self._lock:
            rows = [row for row in _of(ref, self._proposals.values()) if not statuses or row.status in statuses]
        return sorted(rows, key=lambda row: (-row.proposed_at, row.id))[:limit]

    def find_proposal(self, id_start: str) -> Proposal:
        """The one whose id begins so. Raises NotFound."""
        with self._lock:
            return only_proposal([row for row in self._proposals.values() if row.id.startswith(id_start)], id_start)

    def find_verdicts(self, ids: Sequence[str]) -> dict[str, Verdict]:
        """By id."""
        with self._lock:
            return {name: self._verdicts[name] for name in ids if name in self._verdicts}

    def find_proposals(self, ids: Sequence[str]) -> dict[str, Proposal]:
        """By id."""
        with self._lock:
            return {name: self._proposals[name] for name in ids if name in self._proposals}

    def session_words(self, session_id: str) -> SessionWords:
        """Looks only."""
        with self._lock:
            told, proposed = self._with_words(session_id)
        return SessionWords(len(told), len(proposed))

    def forget_session(self, session_id: str) -> SessionWords:
        """Without their words."""
        with self._lock:
            told, proposed = self._with_words(session_id)
            self._verdicts |= {row.id: replace(row, quote=None, reason=FORGOTTEN) for row in told}
            self._proposals |= {row.id: replace(row, **WITHOUT_WORDS) for row in proposed}
        return SessionWords(len(told), len(proposed))

    def _with_words(self, session_id: str) -> tuple[list[Verdict], list[Proposal]]:
        uses = {row.id for row in self._invocations.values() if row.session_id == session_id}
        told = [row for row in self._verdicts.values() if row.reason != FORGOTTEN]
        unpublished = [row for row in self._proposals.values() if row.status is not ProposalStatus.PUBLISHED]
        return (
            [row for row in told if row.invocation_id in uses],
            [row for row in unpublished if row.invocation_id in uses and row.root_cause != FORGOTTEN],
        )

    def annotate(self, annotation: Annotation) -> None:
        """The last one written wins."""
        with self._lock:
            self._annotations.setdefault(annotation.id, annotation)

    def annotations(self, invocation_ids: Sequence[str]) -> dict[str, Annotation]:
        """By invocation."""
        with self._lock:
            return {
                said.invocation_id: said for said in self._annotations.values() if said.invocation_id in invocation_ids
            }

    def _standing(self, publication: Publication) -> Standing:
        versions = self._versions.get(publication.ref, [])
        head = versions[-1] if versions else None
        proposal = publication.proposal
        if proposal is None:
            return Standing(head, self._policy(publication.ref))
        known = self._proposals.get(proposal.id)
        return Standing(
            head=head,
            policy=self._policy(publication.ref),
            used_for=self._used_for(proposal),
            loop_published_at=tuple(v.published_at for v in versions if v.proposal_id is not None),
            status=known.status if known else None,
        )

    def _used_for(self, proposal: Proposal) -> SkillVersion | None:
        for other, version in self._publications.values():
            if proposal.reaction_id == other.reaction_id or proposal.invocation_id == other.invocation_id:
                return version
        return None

    def _keep(self, publication: Publication, version: SkillVersion) -> None:
        self._versions[version.ref].append(version)
        self._take_number(version.ref)
        self._folders[version.ref, version.version] = publication.folder
        if publication.proposal:
            self._publications[publication.proposal.id] = (publication.proposal, version)
            self._add(as_published(publication.proposal, version))

    def _take_number(self, ref: SkillRef) -> None:
        self._last_number += 1
        self._numbers[ref].append(self._last_number)

    def _change(self, ref: SkillRef) -> SkillChange:
        return SkillChange(self._numbers[ref][-1], self._versions[ref][-1], self._policy(ref))

    def _policy(self, ref: SkillRef) -> Policy:
        return self._policies[ref][-1] if self._policies.get(ref) else Policy.AUTO

    def _add(self, record: Record) -> None:
        match record:
            case Attribution():
                self._attributions.setdefault(record.id, record)
            case Invocation():
                self._add_invocation(record)
            case Verdict():
                self._verdicts.setdefault(record.id, record)
            case Proposal():
                self._add_proposal(record)

    def _add_invocation(self, record: Invocation) -> None:
        known = self._invocations.get(record.id)
        if known is None:
            self._invocations[record.id] = record
        elif known.version_source is VersionSource.DISK:
            self._invocations[record.id] = replace(
                known,
                version=record.version,
                content_sha256=record.content_sha256,
                version_source=record.version_source,
            )

    def _add_proposal(self, record: Proposal) -> None:
        known = self._proposals.get(record.id)
        if known is None or known.status not in DECIDED:
            self._proposals[record.id] = record


def _of(ref: SkillRef | None, rows: Iterable[Of]) -> list[Of]:
    return [row for row in rows if ref is None or row.ref == ref]
