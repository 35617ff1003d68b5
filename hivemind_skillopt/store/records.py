"""Rows of the outbox into their tables, and lists of them back, newest first. Idempotent by id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice

from sqlalchemy import ColumnElement, Connection, Table, and_, func, select, update

from hivemind_skillopt.model import (
    DECIDED,
    Attribution,
    Invocation,
    Proposal,
    ProposalStatus,
    Record,
    SkillRef,
    Verdict,
    VersionSource,
)
from hivemind_skillopt.ports import SessionWords
from hivemind_skillopt.store.attribution_rows import SKILLS_ACTIVE, attribution_from_row, attribution_row
from hivemind_skillopt.store.dialect import Replace, add_missing, add_or_replace
from hivemind_skillopt.store.rows import Row, Tell, cells, from_row, readable, storable, to_row
from hivemind_skillopt.store.rules import FORGOTTEN, WITHOUT_WORDS, only_proposal
from hivemind_skillopt.store.schema import invocations, proposals, sessions, verdicts
from hivemind_skillopt.store.versions import of_ref

RowsOfRecords = dict[type[Record], list[Row]]
"""By their kind, in their order."""

BETTER_KNOWN = Replace(
    ("version", "content_sha256", "version_source"), invocations.c.version_source == VersionSource.DISK.value
)
"""What the worker may learn of an invocation after the hook recorded it."""

STILL_OPEN = Replace(
    tuple(column.name for column in proposals.c if column.name not in {"org", "id", "name", "author"}),
    and_(*(proposals.c.status != status.value for status in DECIDED)),
)
"""A proposal changes until its end."""

IDS_AT_ONCE = 500
"""Ids in one query: every engine takes as many variables."""


def rows_of_records(org: str, records: Sequence[Record]) -> RowsOfRecords:
    """Raises OverflowError for a time that no clock shows."""
    rows: RowsOfRecords = {Attribution: [], Invocation: [], Verdict: [], Proposal: []}
    for record in records:
        rows[type(record)].append(_row(org, record))
    return rows


def add_rows(connection: Connection, rows: RowsOfRecords) -> None:
    """Add or better them: one call of the driver for each table, which keeps the order of rows with one id."""
    add_missing(connection, sessions, rows[Attribution])
    add_or_replace(connection, invocations, rows[Invocation], BETTER_KNOWN)
    add_missing(connection, verdicts, rows[Verdict])
    add_or_replace(connection, proposals, rows[Proposal], STILL_OPEN)


def _row(org: str, record: Record) -> Row:
    return attribution_row(org, record) if isinstance(record, Attribution) else to_row(org, record)


def list_attributions(connection: Connection, org: str, limit: int, tell: Tell) -> list[Attribution]:
    """Newest first. Here as below, a row that cannot be read is left out, and told."""
    active = sessions.c.description == SKILLS_ACTIVE
    rows = _newest(connection, sessions, org, "creation_date", limit, active)
    return readable(rows, attribution_from_row, tell)


def list_invocations(connection: Connection, org: str, limit: int, tell: Tell) -> list[Invocation]:
    """Newest first."""
    rows = _newest(connection, invocations, org, "invoked_at", limit)
    return readable(rows, partial(from_row, Invocation), tell)


def list_verdicts(connection: Connection, org: str, ref: SkillRef | None, limit: int, tell: Tell) -> list[Verdict]:
    """Newest first."""
    rows = _newest(connection, verdicts, org, "judged_at", limit, *_of(verdicts, ref))
    return readable(rows, partial(from_row, Verdict), tell)


def list_proposals(
    connection: Connection,
    org: str,
    ref: SkillRef | None,
    limit: int,
    statuses: Sequence[ProposalStatus],
    tell: Tell,
) -> list[Proposal]:
    """Newest first."""
    such = [proposals.c.status.in_([status.value for status in statuses])] if statuses else []
    rows = _newest(connection, proposals, org, "proposed_at", limit, *_of(proposals, ref), *such)
    return readable(rows, partial(from_row, Proposal), tell)


def find_proposal(connection: Connection, org: str, id_start: str) -> Proposal:
    """The one whose id begins so. Raises NotFound."""
    rows = rows_that_begin(connection, proposals, org, id_start)
    return only_proposal([from_row(Proposal, row) for row in rows], id_start)


def session_words(connection: Connection, org: str, session_id: str) -> SessionWords:
    """How many rows `forget_words` would blank."""
    in_verdicts, in_proposals = _with_words(org, session_id)
    return SessionWords(_count(connection, verdicts, in_verdicts), _count(connection, proposals, in_proposals))


def forget_words(connection: Connection, org: str, session_id: str) -> SessionWords:
    """In the verdicts on that session's uses, and in what came of them and was not published."""
    in_verdicts, in_proposals = _with_words(org, session_id)
    blanked = connection.execute(update(verdicts).where(in_verdicts).values(quote=None, reason=FORGOTTEN))
    rejected = connection.execute(update(proposals).where(in_proposals).values(cells(WITHOUT_WORDS)))
    return SessionWords(blanked.rowcount, rejected.rowcount)


def _with_words(org: str, session_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Which verdicts, which proposals."""
    uses = select(invocations.c.id).where(invocations.c.org == org, invocations.c.session_id == storable(session_id))
    unpublished = proposals.c.status != ProposalStatus.PUBLISHED.value
    return (
        and_(verdicts.c.org == org, verdicts.c.invocation_id.in_(uses), verdicts.c.reason != FORGOTTEN),
        and_(
            proposals.c.org == org,
            proposals.c.invocation_id.in_(uses),
            unpublished,
            proposals.c.root_cause != FORGOTTEN,
        ),
    )


def _count(connection: Connection, table: Table, which: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count()).select_from(table).where(which)) or 0


def rows_that_begin(connection: Connection, table: Table, org: str, id_start: str) -> list[Row]:
    """Two at most, by id, in the same case (LIKE would be deaf to it in SQLite alone)."""
    wanted = storable(id_start)
    begins = func.substr(table.c.id, 1, len(wanted)) == wanted
    rows = connection.execute(select(table).where(table.c.org == org, begins).limit(2)).mappings()
    return [dict(row) for row in rows]


def find_verdicts(connection: Connection, org: str, ids: Sequence[str], tell: Tell) -> dict[str, Verdict]:
    """By id."""
    found = _by_id(connection, verdicts, org, ids)
    return {verdict.id: verdict for verdict in readable(found, partial(from_row, Verdict), tell)}


def find_proposals(connection: Connection, org: str, ids: Sequence[str], tell: Tell) -> dict[str, Proposal]:
    """By id."""
    found = _by_id(connection, proposals, org, ids)
    return {proposal.id: proposal for proposal in readable(found, partial(from_row, Proposal), tell)}


def _by_id(connection: Connection, table: Table, org: str, ids: Sequence[str]) -> Iterator[Row]:
    wanted = iter(dict.fromkeys(ids))
    while some := list(islice(wanted, IDS_AT_ONCE)):
        rows = connection.execute(select(table).where(table.c.org == org, table.c.id.in_(some)))
        yield from (dict(row) for row in rows.mappings())


def _of(table: Table, ref: SkillRef | None) -> list[ColumnElement[bool]]:
    return [of_ref(table, ref)] if ref else []


def _newest(
    connection: Connection, table: Table, org: str, time: str, limit: int, *where: ColumnElement[bool]
) -> list[Row]:
    """Equal times in the order of their ids, so that two stores list alike."""
    found = select(table).where(table.c.org == org, *where).order_by(table.c[time].desc(), table.c.id).limit(limit)
    return [dict(row) for row in connection.execute(found).mappings()]
