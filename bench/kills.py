"""kill -9 of the worker, the pull, the sync and the migration: `python bench/kills.py [--kills 100] [--seed 1]`.

Each is killed so many times, half on SQLite and half on PostgreSQL, at instants that the seed draws. It ends with 1 and
the assertion when something was lost, doubled or left half made; `--instants` prints every instant, too.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.crash.instants import Killer
from tests.crash.kill_migrations import kill_migrations
from tests.crash.kill_pull import kill_pulls
from tests.crash.kill_sync import kill_syncs
from tests.crash.kill_workers import kill_workers
from tests.crash.nursery import Nursery
from tests.postgres import Postgres, running

NewStore = Callable[[], str]
Run = Callable[[Nursery, Path, NewStore, int, int], Killer]

WHAT: dict[str, Run] = {
    "worker": kill_workers,
    "pull": lambda nursery, root, new, seed, kills: kill_pulls(nursery, root, new(), seed, kills),
    "sync": lambda nursery, root, new, seed, kills: kill_syncs(nursery, root, new(), seed, kills),
    "migration": lambda nursery, _root, new, seed, kills: kill_migrations(nursery, new(), seed, kills),
}
KINDS = ("step", "statement", "time")


def stores(folder: Path, server: Postgres) -> dict[str, NewStore]:
    numbers = count(1)
    return {"SQLite": lambda: f"sqlite:///{folder}/stores/{next(numbers)}.db", "PostgreSQL": server.new_database}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--instants", action="store_true")
    asked = parser.parse_args()
    print(f"{'killed':<10} {'store':<11} seed  kills  before a step  a statement  at a time  missed  seconds")
    with tempfile.TemporaryDirectory() as name, running() as server, Nursery() as nursery:
        os.environ |= {"XDG_DATA_HOME": f"{name}/data", "XDG_CONFIG_HOME": f"{name}/config"}
        kinds = stores(Path(name), server)
        for what, run in WHAT.items():
            for store, new_store in kinds.items():
                began = time.monotonic()
                killer = run(nursery, Path(name) / what / store, new_store, asked.seed, asked.kills // 2)
                report(what, store, killer, time.monotonic() - began)
                if asked.instants:
                    print("   ", ", ".join(killer.instants))


def report(what: str, store: str, killer: Killer, seconds: float) -> None:
    step, statement, at_a_time = (killer.killed[kind] for kind in KINDS)
    missed = sum(killer.missed.values())
    row = f"{what:<10} {store:<11} {killer.seed:>4} {killer.deaths():>6} {step:>14} {statement:>12} {at_a_time:>10}"
    print(f"{row} {missed:>7} {seconds:>8.0f}", flush=True)


if __name__ == "__main__":
    main()
