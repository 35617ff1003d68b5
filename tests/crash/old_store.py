"""An org store as the program before change numbers left it: `seq` orders policies and annotations."""

from __future__ import annotations

from sqlalchemy import Column, Connection, Engine, Integer, MetaData, Table, insert, inspect, select, text

from hivemind_skillopt.store.schema import annotation_table, metadata, policies, schema_migrations, skills
from tests.store.values import NOON

OLD_MIGRATIONS = ("m001_first", "m002_annotations")
ORGS = ("acme", "other")
SKILLS, VERSIONS, SAID = 5, 4, 12
"""Of each org: skills, versions of each, and rows of policies and of annotations."""


def make_old(engine: Engine) -> None:
    """Whatever is there goes; the old tables come, with their rows, in one transaction."""
    with engine.begin() as connection:
        for name in reversed(metadata.sorted_tables):
            connection.execute(text(f"DROP TABLE IF EXISTS {name.name}"))
        old = old_metadata()
        old.create_all(connection)
        for org in ORGS:
            fill(connection, old, org)
        names = [{"name": name} for name in OLD_MIGRATIONS]
        connection.execute(insert(old.tables[schema_migrations.name]), names)


def old_metadata() -> MetaData:
    """Today's tables but for what migration 3 has changed."""
    old = MetaData()
    for table in metadata.sorted_tables:
        if table.name == "org_changes":
            continue
        copy = table.to_metadata(old)
        if table in (policies, annotation_table):
            seq = Column("seq", Integer, primary_key=True, autoincrement=True)
            rest = [column._copy() for column in table.c if column.name != "change"]
            old.remove(copy)
            Table(table.name, old, seq, *(unkeyed(column) for column in rest))
        elif table is skills:
            copy.indexes = {index for index in copy.indexes if index.name != "skills_by_change"}
            copy._columns.remove(copy.c.change)
    return old


def unkeyed(column: Column[object]) -> Column[object]:
    column.primary_key = False
    return column


def fill(connection: Connection, old: MetaData, org: str) -> None:
    """Versions are published in turns: v1 of every skill, then v2 of every skill."""
    rows = [
        {
            "id": f"s{skill}--alice@{version}", "name": f"s{skill}", "scope": "team", "author": "alice",
            "contributors": "[]", "description": "d", "body": "b", "version": version, "org": org,
            "created_at": moment(version, skill), "updated_at": moment(version, skill),
            "content_sha256": f"{skill}{version}" * 32,
            "published_by": "alice",
        }
        for skill in range(SKILLS) for version in range(1, VERSIONS + 1)
    ]  # fmt: skip
    connection.execute(insert(old.tables["skills"]), rows)
    said = [{"org": org, "name": f"s{n % SKILLS}", "author": "alice"} for n in range(SAID)]
    policy = {"policy": "review", "set_by": "alice"}
    connection.execute(insert(old.tables["policies"]), [{**row, **policy, "set_at": n} for n, row in enumerate(said)])
    word = {"invocation_id": "i", "outcome": "ok", "annotated_by": "bob", "annotated_at": NOON}
    words = [{**row, **word, "id": f"a{n}", "note": str(n)} for n, row in enumerate(said)]
    connection.execute(insert(old.tables["annotations"]), words)


def moment(version: int, skill: int) -> str:
    return f"2026-01-{version:02d}T00:00:{skill:02d}.000000000Z"


def check_old(engine: Engine) -> None:
    """As it was, to the row."""
    with engine.connect() as connection:
        assert tuple(names(connection)) == OLD_MIGRATIONS
        assert not inspect(connection).has_table("org_changes")
        assert "change" not in {column["name"] for column in inspect(connection).get_columns("skills")}
        for table, count in (("skills", SKILLS * VERSIONS), ("policies", SAID), ("annotations", SAID)):
            assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == count * len(ORGS), table


def check_new(engine: Engine, known: list[str]) -> None:
    """Whole: every table, column and index, the names of all migrations, every row once with a number of its own."""
    with engine.connect() as connection:
        assert names(connection) == known
        here = inspect(connection)
        assert set(here.get_table_names()) == set(metadata.tables)
        for table in metadata.sorted_tables:
            assert {column["name"] for column in here.get_columns(table.name)} == set(table.c.keys()), table.name
            indexes = {index["name"] for index in here.get_indexes(table.name)}
            assert {index.name for index in table.indexes} <= indexes, table.name
        for org in ORGS:
            check_numbers(connection, org)


def check_numbers(connection: Connection, org: str) -> None:
    """1, 2, 3, ..: versions in the order of their times, then policies and annotations in that of their writing."""
    by_time = list(numbered(connection, skills.c.updated_at, org))
    assert [time for _, time in by_time] == sorted(moment(v, s) for v in range(1, VERSIONS + 1) for s in range(SKILLS))
    set_at = list(numbered(connection, policies.c.set_at, org))
    notes = list(numbered(connection, annotation_table.c.note, org))
    assert [at for _, at in set_at] == list(range(SAID))
    assert [note for _, note in notes] == [str(n) for n in range(SAID)]
    every = [number for number, _ in (*by_time, *set_at, *notes)]
    assert every == list(range(1, len(every) + 1))
    last = connection.scalar(text("SELECT last FROM org_changes WHERE org = :org"), {"org": org})
    assert last == len(every)


def numbered(connection: Connection, column: Column[object], org: str) -> list[tuple[int, object]]:
    table = column.table
    found = select(table.c.change, column).where(table.c.org == org).order_by(table.c.change)
    return [(row[0], row[1]) for row in connection.execute(found)]


def names(connection: Connection) -> list[str]:
    return sorted(connection.scalars(select(schema_migrations.c.name)))
