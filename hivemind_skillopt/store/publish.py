"""Publishing, as steps of ONE transaction: read what stands, let the rules decide, write version n+1."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection, insert, or_, select

from hivemind_skillopt.model import Proposal, ProposalStatus, Publication, SkillVersion
from hivemind_skillopt.skill_md import parse_skill_md
from hivemind_skillopt.store.changes import next_change
from hivemind_skillopt.store.dialect import add_missing
from hivemind_skillopt.store.records import add_rows, rows_of_records
from hivemind_skillopt.store.rows import Row, file_row, known_word, version_from_row, version_row
from hivemind_skillopt.store.rules import Standing, as_published, next_version
from hivemind_skillopt.store.schema import blobs, proposals, skill_files, skills
from hivemind_skillopt.store.versions import find, head_row, of_ref, policy

FROM_PARENT = (
    "project",
    "project_key",
    "install",
    "source_sessions",
    "source_agent",
    "trigger_text",
    "created_at",
)
"""What a new version keeps of its parent where the publication does not say otherwise."""


def publish(connection: Connection, org: str, publication: Publication) -> SkillVersion:
    """Version n+1, its files, and its proposal's row. The proposal's earlier publication is returned as it is.

    The change number comes first: from then on nobody else publishes in this org.
    """
    change = next_change(connection, org)
    proposal = publication.proposal
    earlier = _version_of(connection, org, proposal) if proposal else None
    if earlier:
        return earlier
    parent = head_row(connection, org, publication.ref)
    version = next_version(publication, _standing(connection, org, publication, parent))
    connection.execute(insert(skills), _skill_row(org, publication, version, parent) | {"change": change})
    _write_files(connection, org, publication, version)
    if proposal:
        add_rows(connection, rows_of_records(org, [as_published(proposal, version)]))
    return version


def _version_of(connection: Connection, org: str, proposal: Proposal) -> SkillVersion | None:
    return next(iter(find(connection, org, skills.c.proposal_id == proposal.id)), None)


def _standing(connection: Connection, org: str, publication: Publication, parent: Row | None) -> Standing:
    head = version_from_row(parent) if parent else None
    proposal = publication.proposal
    standing = Standing(head, policy(connection, org, publication.ref))
    if proposal is None:
        return standing
    return replace(
        standing,
        used_for=_used_for(connection, org, proposal),
        loop_published_at=_loop_published_at(connection, org, publication),
        status=_status(connection, org, proposal),
    )


def _used_for(connection: Connection, org: str, proposal: Proposal) -> SkillVersion | None:
    """What this reaction or invocation has led to first."""
    same = or_(skills.c.reaction_id == proposal.reaction_id, skills.c.invocation_id == proposal.invocation_id)
    return next(iter(find(connection, org, same, by=skills.c.change)), None)


def _loop_published_at(connection: Connection, org: str, publication: Publication) -> tuple[int, ...]:
    by_loop = skills.c.proposal_id.is_not(None)
    return tuple(v.published_at for v in find(connection, org, of_ref(skills, publication.ref), by_loop))


def _status(connection: Connection, org: str, proposal: Proposal) -> ProposalStatus | None:
    found = select(proposals.c.status).where(proposals.c.org == org, proposals.c.id == proposal.id)
    status = connection.scalar(found)
    return known_word(ProposalStatus, status, "proposal's status") if status else None


def _skill_row(org: str, publication: Publication, version: SkillVersion, parent: Row | None) -> Row:
    body = parse_skill_md(publication.folder.skill_md).body
    kept = {name: parent[name] for name in FROM_PARENT} if parent else {}
    said = {"project": publication.project, "source_agent": publication.source_agent}
    row = version_row(org, version, body) | kept | {name: text for name, text in said.items() if text}
    if publication.proposal:
        row["reaction_id"] = publication.proposal.reaction_id
        row["invocation_id"] = publication.proposal.invocation_id
    return row


def _write_files(connection: Connection, org: str, publication: Publication, version: SkillVersion) -> None:
    files = publication.folder.files
    add_missing(connection, blobs, [{"sha256": file.sha256, "bytes": file.data} for file in files])
    connection.execute(insert(skill_files), [file_row(org, version, file) for file in files])
