"""The org's change numbers: what orders everything that people and the loop change, whatever their clocks say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    Subquery,
    Table,
    and_,
    func,
    or_,
    select,
    union_all,
)

from hivemind_skillopt.errors import StoreError
from hivemind_skillopt.model import Policy, Scope, SkillChange, SkillVersion
from hivemind_skillopt.ports import OnUnreadable, UnreadableChange
from hivemind_skillopt.store.dialect import insert_into
from hivemind_skillopt.store.rows import BROKEN_CELL, Row, damaged, known_word, version_from_row
from hivemind_skillopt.store.schema import org_changes, policies, skills

NO_BODY = tuple(column for column in skills.c if column.name != "body")
SKILL = ("org", "name", "author")


def next_change(connection: Connection, org: str) -> int:
    """Take the next number, and with it the org's turn: whoever asks next waits for the end of this transaction.

    So the order of the numbers is the order of the commits: nobody who has read a number misses a smaller one.
    """
    first = insert_into(connection, org_changes).values(org=org, last=1)
    following = first.on_conflict_do_update(index_elements=[org_changes.c.org], set_={"last": org_changes.c.last + 1})
    return int(connection.execute(following.returning(org_changes.c.last)).scalar_one())


def changed(
    connection: Connection, org: str, user: str, since: int, again: Sequence[int], limit: int | None
) -> list[Row]:
    """One query: a row for each skill that had a change after `since`, or one of the numbers `again`, and that `user`
    may see; with its head and its policy, in the order of their last numbers."""
    touched = _touched(org, since, again)
    last = select(org_changes.c.last).where(org_changes.c.org == org).scalar_subquery().label("last")
    found = (
        select(*NO_BODY, policies.c.policy, policies.c.change.label("policy_change"), last)
        .join_from(touched, skills, and_(skills.c.name == touched.c.name, skills.c.author == touched.c.author))
        .outerjoin(
            policies,
            and_(*(policies.c[name] == skills.c[name] for name in SKILL), policies.c.change == _newest("change")),
        )
        .where(skills.c.org == org, skills.c.version == _newest("version"))
        .where(or_(skills.c.scope == Scope.TEAM.value, skills.c.author == user))
        .order_by(touched.c.number)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(found).mappings()]


def as_changes(rows: Iterable[Row], on_unreadable: OnUnreadable) -> list[SkillChange]:
    """The rows as values. One that cannot be read never hides the others."""
    known = []
    for row in rows:
        try:
            known.append(_change(dict(row)))
        except StoreError as error:
            on_unreadable(UnreadableChange(_number(row), f"{row['name']}--{row['author']}", str(error)))
    return sorted(known, key=lambda change: change.number)


def _touched(org: str, since: int, again: Sequence[int]) -> Subquery:
    """The skills' names and last numbers: both tables are asked by their index, so that where nothing changed nothing
    is read."""
    parts = [_names(table, org, table.c.change > since) for table in (skills, policies)]
    if again:
        parts += [_names(table, org, table.c.change.in_(again)) for table in (skills, policies)]
    every = union_all(*parts).subquery()
    last = func.max(every.c.change).label("number")
    return select(every.c.name, every.c.author, last).group_by(every.c.name, every.c.author).subquery()


def _names(table: Table, org: str, which: ColumnElement[bool]) -> Select[tuple[str, str, int]]:
    return select(table.c.name, table.c.author, table.c.change).where(table.c.org == org, which)


def _newest(column: str) -> ScalarSelect[int]:
    """Of the same skill: the newest version, or the newest change of its policy."""
    table: Table = skills if column == "version" else policies
    other = table.alias()
    newest: Column[int] = other.c[column]
    same = (other.c[name] == skills.c[name] for name in SKILL)
    return select(func.max(newest)).where(*same).correlate(skills).scalar_subquery()


def _change(row: Row) -> SkillChange:
    """Raises StoreError. A number that nobody was given would hide every later change from whoever remembers it."""
    number = _number(row)
    policy, last, _, _ = row.pop("policy"), row.pop("last"), row.pop("policy_change"), row.pop("change")
    head = version_from_row(row)
    if not 0 < number <= int(str(last or 0)):
        raise damaged(SkillVersion, row, "change number")
    return SkillChange(number, head, known_word(Policy, str(policy or Policy.AUTO), f"policy of {head.ref}"))


def _number(row: Row) -> int:
    """0 where it is none."""
    try:
        return max(int(str(row["change"])), int(str(row["policy_change"] or 0)))
    except BROKEN_CELL:
        return 0
