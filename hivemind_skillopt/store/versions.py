"""Reading `skills`: heads, histories, folders, policies. A SKILL.md body is never read from `skills` itself."""

from __future__ import annotations

from sqlalchemy import Column, ColumnElement, Connection, Table, and_, func, select

from hivemind_skillopt.errors import NotFound, SkillInvalid, StoreError
from hivemind_skillopt.model import Policy, SkillFolder, SkillRef, SkillVersion
from hivemind_skillopt.store.changes import NO_BODY
from hivemind_skillopt.store.folder_rules import check_folder, check_totals
from hivemind_skillopt.store.rows import Row, Tell, folder_from_rows, known_word, readable, version_from_row
from hivemind_skillopt.store.schema import blobs, policies, skill_files, skills
from hivemind_skillopt.store.times import to_iso

_FILES = skill_files.join(blobs, blobs.c.sha256 == skill_files.c.sha256)


def find(
    connection: Connection, org: str, *where: ColumnElement[bool], by: Column[int] = skills.c.version
) -> list[SkillVersion]:
    """The versions of this org for which `where` holds, oldest first; of several skills, `by` their change numbers.

    Raises StoreError for one that is damaged.
    """
    return [version_from_row(row) for row in _rows(connection, org, *where, by=by)]


def head_row(connection: Connection, org: str, ref: SkillRef) -> Row | None:
    """The newest row of a skill, all columns but the body."""
    newest = select(*NO_BODY).where(skills.c.org == org, of_ref(skills, ref)).order_by(skills.c.version.desc()).limit(1)
    found = connection.execute(newest).mappings().first()
    return dict(found) if found else None


def head(connection: Connection, org: str, ref: SkillRef) -> SkillVersion | None:
    """The newest version."""
    row = head_row(connection, org, ref)
    return version_from_row(row) if row else None


def history(connection: Connection, org: str, ref: SkillRef, tell: Tell) -> list[SkillVersion]:
    """Oldest first; a row that cannot be read is left out, and told."""
    return readable(_rows(connection, org, of_ref(skills, ref)), version_from_row, tell)


def published_since(connection: Connection, org: str, at: int) -> int:
    """Versions that came from a proposal."""
    since = and_(skills.c.org == org, skills.c.proposal_id.is_not(None), skills.c.updated_at >= to_iso(at))
    return connection.scalar(select(func.count()).select_from(skills).where(since)) or 0


def folder(connection: Connection, org: str, ref: SkillRef, version: int) -> SkillFolder:
    """The files of one version, checked; too many or too large ones are not read.

    Raises NotFound, StoreError for damaged bytes, SkillInvalid.
    """
    one = and_(skills.c.org == org, of_ref(skills, ref), skills.c.version == version)
    sha = connection.scalar(select(skills.c.content_sha256).where(one))
    if sha is None:
        raise NotFound(f"{ref} has no version {version} in this org")
    try:
        check_totals(*_totals(connection, org, ref, version))
        found = folder_from_rows(_file_rows(connection, org, ref, version))
        if found.content_sha256 != sha:
            raise StoreError(f"the bytes of {ref} v{version} in the store are not the ones that were published")
        check_folder(found)
    except SkillInvalid as error:
        raise SkillInvalid(f"{ref} v{version} in the org store cannot be used: {error}") from None
    return found


def policy(connection: Connection, org: str, ref: SkillRef) -> Policy:
    """The newest row's. Raises StoreTooNew."""
    newest = (
        select(policies.c.policy)
        .where(policies.c.org == org, of_ref(policies, ref))
        .order_by(policies.c.change.desc())
        .limit(1)
    )
    return known_word(Policy, connection.scalar(newest) or Policy.AUTO, "policy")


def all_policies(connection: Connection, org: str, ref: SkillRef) -> list[Policy]:
    """Oldest first. Raises StoreTooNew."""
    rows = select(policies.c.policy).where(policies.c.org == org, of_ref(policies, ref)).order_by(policies.c.change)
    return [known_word(Policy, text, "policy") for text in connection.scalars(rows)]


def _rows(
    connection: Connection, org: str, *where: ColumnElement[bool], by: Column[int] = skills.c.version
) -> list[Row]:
    found = select(*NO_BODY).where(skills.c.org == org, *where).order_by(by)
    return [dict(row) for row in connection.execute(found).mappings()]


def _totals(connection: Connection, org: str, ref: SkillRef, version: int) -> tuple[int, int]:
    """(files, their bytes)."""
    counted = select(func.count(), func.sum(func.length(blobs.c.bytes))).select_from(_FILES)
    files, size = connection.execute(counted.where(_of_version(org, ref, version))).one()
    return int(files), int(size or 0)


def _file_rows(connection: Connection, org: str, ref: SkillRef, version: int) -> list[tuple[str, str, bytes]]:
    files = (
        select(skill_files.c.path, skill_files.c.mode, blobs.c.bytes)
        .select_from(_FILES)
        .where(_of_version(org, ref, version))
        .order_by(skill_files.c.path)
    )
    return [(path, mode, bytes(data)) for path, mode, data in connection.execute(files)]


def _of_version(org: str, ref: SkillRef, version: int) -> ColumnElement[bool]:
    return and_(skill_files.c.org == org, of_ref(skill_files, ref), skill_files.c.version == version)


def of_ref(table: Table, ref: SkillRef) -> ColumnElement[bool]:
    """The rows of one skill."""
    return and_(table.c.name == ref.name, table.c.author == ref.author)
