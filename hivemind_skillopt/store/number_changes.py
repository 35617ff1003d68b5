"""Migration 3: change numbers for what was written before there were any, in the order in which it was."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Connection, Table, insert, inspect, select, text, update

from hivemind_skillopt.store.schema import annotation_table, org_changes, policies, skills


def number_what_is_there(connection: Connection) -> None:
    """Versions first, then policies and annotations: only the order among one's own kind means anything."""
    last: Counter[str] = Counter()
    _number_skills(connection, last)
    for table in (policies, annotation_table):
        _rebuild(connection, table, last)
    if last:
        connection.execute(insert(org_changes), [{"org": org, "last": number} for org, number in last.items()])


def _number_skills(connection: Connection, last: Counter[str]) -> None:
    """Other tables point to this one, so it stays, and gets its column as a new store has it."""
    connection.execute(text("ALTER TABLE skills ADD COLUMN change BIGINT DEFAULT 0 NOT NULL"))
    in_order = select(skills.c.org, skills.c.id).order_by(skills.c.updated_at, skills.c.version, skills.c.id)
    for org, row_id in connection.execute(in_order).all():
        last[org] += 1
        one = update(skills).where(skills.c.org == org, skills.c.id == row_id)
        connection.execute(one.values(change=last[org]))
    for index in skills.indexes:
        index.create(connection, checkfirst=True)


def _rebuild(connection: Connection, table: Table, last: Counter[str]) -> None:
    """Nothing points there: the rows are taken out, and put into the table as it is now. m002 has perhaps just made
    one that is so already."""
    if "change" in {column["name"] for column in inspect(connection).get_columns(table.name)}:
        return
    rows = [dict(row) for row in connection.execute(text(f"SELECT * FROM {table.name} ORDER BY seq")).mappings()]  # noqa: S608  a name of ours
    table.drop(connection)
    table.create(connection)
    for row in rows:
        last[row["org"]] += 1
        del row["seq"]
        row["change"] = last[row["org"]]
    if rows:
        connection.execute(insert(table), rows)
