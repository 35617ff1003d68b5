"""What it costs to send rows through the outbox, against raw psycopg inserts of the same rows in the same run.

    python bench/ingest.py [-n 20000] [--rounds 5]

Ours: state.db's outbox -> Sync.send -> PostgreSQL, with everything on the way (reading, checking, deleting). Raw: rows
that lie ready, `executemany` of INSERT .. ON CONFLICT DO NOTHING in transactions of the same size. Interleaved. It ends
with 1 when the median ratio is below 0.5.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import psycopg
from psycopg import sql

sys.path.insert(0, str(Path(__file__).parent.parent))  # for tests.postgres and the tests' values

from hivemind_skillopt.model import ActiveSkill, Attribution, Record, SkillRef, VersionSource, derived_id
from hivemind_skillopt.state.back_off import BackOff
from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.installs import Installs
from hivemind_skillopt.state.log import Log
from hivemind_skillopt.state.notes import Notes
from hivemind_skillopt.state.outbox import BATCH, Outbox
from hivemind_skillopt.store.attribution_rows import attribution_row
from hivemind_skillopt.store.engine import open_store
from hivemind_skillopt.store.rows import to_row
from hivemind_skillopt.store.schema import invocations, proposals, sessions, verdicts
from hivemind_skillopt.worker.sync import Sync
from tests.postgres import Postgres, running
from tests.store.values import attribution, invocation, proposal, verdict

LIMIT = 0.5
SKILLS = 10
TABLES = (sessions, invocations, verdicts, proposals)
Batch = list[tuple[sql.Composed, list[tuple[object, ...]]]]


def session(number: int, draw: random.Random) -> list[Record]:
    """Ten skills in context; half of the sessions use one; three in five are judged, one in ten is proposed for."""
    name = derived_id("bench", str(number))
    skills = tuple(ActiveSkill(SkillRef(f"skill-{n}", "alice"), n + 1, derived_id(str(n))) for n in range(SKILLS))
    rows: list[Record] = [attribution(number, id=name, session_id=name[:36], skills=skills)]
    if draw.random() < 0.5:
        used = invocation(number, id=derived_id(name, "use"), session_id=name[:36])
        rows.append(used)
        if draw.random() < 0.6:
            about = {"invocation_id": used.id}
            judged = verdict(number, id=derived_id(name, "verdict"), **about)
            rows += [replace(used, version_source=VersionSource.TRANSCRIPT), judged]
            if draw.random() < 0.1:
                edits = proposal().edits[1:]
                rows.append(proposal(number, id=derived_id(name, "p"), verdict_id=judged.id, edits=edits, **about))
    return rows


def make_rows(count: int) -> list[Record]:
    draw, rows, number = random.Random(5), list[Record](), 0
    while len(rows) < count:
        rows += session(number, draw)
        number += 1
    return rows[:count]


def raw_batches(rows: list[Record]) -> list[Batch]:
    """The rows as psycopg takes them, in transactions as large as ours; in each, one call for each table as ours."""
    batches = list[Batch]()
    for at in range(0, len(rows), BATCH):
        by_table: dict[str, list[dict[str, object]]] = {table.name: [] for table in TABLES}
        for row in rows[at : at + BATCH]:
            name = "sessions" if isinstance(row, Attribution) else f"{type(row).__name__.lower()}s"
            by_table[name].append(attribution_row("acme", row) if name == "sessions" else to_row("acme", row))
        batches.append(
            [
                (statement(name, cells[0]), [*map(tuple, map(dict.values, cells))])
                for name, cells in by_table.items()
                if cells
            ]
        )
    return batches


def statement(table: str, row: dict[str, object]) -> sql.Composed:
    text = sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT DO NOTHING")
    columns = sql.SQL(", ").join(map(sql.Identifier, row))
    return text.format(sql.Identifier(table), columns, sql.SQL(", ").join([sql.Placeholder()] * len(row)))


def executemany(url: str, batches: list[Batch]) -> None:
    with psycopg.connect(url) as connection:
        for batch in batches:
            with connection.transaction():
                for text, rows in batch:
                    connection.cursor().executemany(text, rows)


def one_by_one(url: str, batches: list[Batch]) -> None:
    with psycopg.connect(url) as connection:
        for batch in batches:
            with connection.transaction():
                for text, rows in batch:
                    for row in rows:
                        connection.execute(text, row)


def copy(url: str, batches: list[Batch]) -> None:
    """Into temporary tables, and over from there: COPY itself knows no ON CONFLICT."""
    with psycopg.connect(url) as connection:
        for batch in batches:
            with connection.transaction():
                for text, rows in batch:
                    copy_table(connection, text.as_string(connection), rows)


def copy_table(connection: psycopg.Connection, text: str, rows: list[tuple[object, ...]]) -> None:
    table, columns = text.split(" (")[0].removeprefix("INSERT INTO "), text.split("(")[1].split(")")[0]
    connection.execute(f"CREATE TEMP TABLE t (LIKE {table}) ON COMMIT DROP")
    with connection.cursor().copy(f"COPY t ({columns}) FROM STDIN") as into:
        for row in rows:
            into.write_row(row)
    connection.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM t ON CONFLICT DO NOTHING")
    connection.execute("DROP TABLE t")


def through_the_outbox(url: str, database: Database) -> None:
    """All that waits there. Raises SystemExit where the store does not take it."""
    with closing(open_store(url, "acme")) as store:
        box, notes, back_off = Outbox(database, "bench"), Notes(database), BackOff(database, "bench")
        log = Log(Path(tempfile.gettempdir(), "bench-ingest.log"), time.time_ns)
        sync = Sync(store, box, Mock(), Installs(database), notes, log, time.time_ns, back_off, Mock())
        if not sync.send():
            raise SystemExit(notes.get("sync_failure"))


def measure(server: Postgres, rows: list[Record], rounds: int, folder: Path) -> dict[str, list[float]]:
    batches, times = (
        raw_batches(rows),
        {name: list[float]() for name in ("raw executemany", "outbox", "raw execute", "raw COPY")},
    )
    for number in range(rounds + 1):
        database = Database(folder / f"{number}" / "state.db")
        Outbox(database, "bench").add(*rows)
        ways: dict[str, Callable[[str], None]] = {
            "raw executemany": lambda url: executemany(url, batches),
            "outbox": lambda url, database=database: through_the_outbox(url, database),
            "raw execute": lambda url: one_by_one(url, batches),
            "raw COPY": lambda url: copy(url, batches),
        }
        for name, way in ways.items():
            seconds = timed(server, way, len({row.id for row in rows}))
            if number:  # the first round warms up
                times[name].append(seconds)
        database.close()
    return times


def timed(server: Postgres, way: Callable[[str], None], expected: int) -> float:
    """Seconds into an empty store; all rows must be there afterwards."""
    url = server.new_database()
    with closing(open_store(url, "acme")) as store:
        store.migrate()
    begin = time.perf_counter()
    way(url)
    seconds = time.perf_counter() - begin
    with psycopg.connect(url) as connection:
        counts = [connection.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0] for table in TABLES]
    assert sum(counts) == expected, counts
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=20_000, help="rows (default 20000)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds (default 5)")
    chosen = parser.parse_args()
    rows = make_rows(chosen.n)
    with running() as server, tempfile.TemporaryDirectory() as folder:
        times = measure(server, rows, chosen.rounds, Path(folder))
    raw = times["raw executemany"]
    told = f"(n = {len(rows)} rows, {chosen.rounds} rounds, interleaved)"
    print(f"{'way':20} {'median s':>9} {'rows/s':>8} {'speed':>6} {'limit':>6}   {told}")
    for name, taken in times.items():
        speed = statistics.median(r / t for r, t in zip(raw, taken, strict=True))
        median = statistics.median(taken)
        print(
            f"{name:20} {median:>9.2f} {len(rows) / median:>8.0f} {speed:>6.2f} {LIMIT if name == 'outbox' else '':>6}"
        )
    sys.exit(statistics.median(r / t for r, t in zip(raw, times["outbox"], strict=True)) < LIMIT)


if __name__ == "__main__":
    main()
