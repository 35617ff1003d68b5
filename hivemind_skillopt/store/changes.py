"""The org's change numbers: what orders everything that people and the loop change, whatever their clocks say."""

from __future__ import annotations

from sqlalchemy import Column, Connection, ScalarSelect, Subquery, Table, and_, func, or_, select, union

from hivemind_skillopt.model import Policy, Scope, SkillChange, SkillVersion
from hivemind_skillopt.store.dialect import insert_into
from hivemind_skillopt.store.rows import Row, Tell, damaged, known_word, readable, version_from_row
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


def changes(connection: Connection, org: str, user: str, since: int, tell: Tell) -> list[SkillChange]:
    """One query: each skill that was published or whose policy was set after `since`, with head and policy.

    A skill whose head or policy cannot be read is left out, and told: it never hides the others.
    """
    touched = _touched(org, since)
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
    )
    rows = [dict(row) for row in connection.execute(found).mappings()]
    return sorted(readable(rows, _change, tell), key=lambda change: change.number)


def _touched(org: str, since: int) -> Subquery:
    """The skills' names: both tables are asked by their index, so that where nothing changed nothing is read."""
    names = (
        select(table.c.name, table.c.author).where(table.c.org == org, table.c.change > since)
        for table in (skills, policies)
    )
    return union(*names).subquery()


def _newest(column: str) -> ScalarSelect[int]:
    """Of the same skill: the newest version, or the newest change of its policy."""
    table: Table = skills if column == "version" else policies
    other = table.alias()
    newest: Column[int] = other.c[column]
    same = (other.c[name] == skills.c[name] for name in SKILL)
    return select(func.max(newest)).where(*same).correlate(skills).scalar_subquery()


def _change(row: Row) -> SkillChange:
    """Raises StoreError. A number that nobody was given would hide every later change from whoever remembers it."""
    policy, policy_change, last = row.pop("policy"), row.pop("policy_change"), row.pop("last")
    number = max(int(str(row.pop("change"))), int(str(policy_change or 0)))
    head = version_from_row(row)
    if number > int(str(last or 0)):
        raise damaged(SkillVersion, row, "change number")
    return SkillChange(number, head, known_word(Policy, str(policy or Policy.AUTO), f"policy of {head.ref}"))
