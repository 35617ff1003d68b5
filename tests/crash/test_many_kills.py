"""kill -9 of the worker, the pull, the sync and the migration at seeded instants, on both databases.

`SKILLOPT_KILLS=100` kills each of them 100 times; without it a share. `SKILLOPT_SEED` draws others. All of them, with
their table: `python bench/kills.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from tests.crash.instants import Killer
from tests.crash.kill_migrations import kill_migrations
from tests.crash.kill_pull import kill_pulls
from tests.crash.kill_sync import kill_syncs
from tests.crash.kill_workers import kill_workers
from tests.crash.nursery import Nursery

KILLS = int(os.environ.get("SKILLOPT_KILLS", "10"))
SEED = int(os.environ.get("SKILLOPT_SEED", "1"))

pytestmark = pytest.mark.timeout(KILLS * 30 + 300)


@pytest.fixture(params=["sqlite", "postgresql"])
def new_store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Each time the URL of an empty store."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    if request.param == "postgresql":
        new_database: Callable[[], str] = request.getfixturevalue("postgres").new_database
        return new_database
    numbers = count(1)
    return lambda: f"sqlite:///{tmp_path}/org/store{next(numbers)}.db"


def died(killer: Killer) -> None:
    """Of the signal, and at instants of more than one kind."""
    assert killer.deaths() == KILLS
    assert len(killer.killed) > 1, killer.instants


def test_the_worker(nursery: Nursery, tmp_path: Path, new_store: Callable[[], str]) -> None:
    died(kill_workers(nursery, tmp_path, new_store, SEED, KILLS))


def test_the_pull(nursery: Nursery, tmp_path: Path, new_store: Callable[[], str]) -> None:
    died(kill_pulls(nursery, tmp_path, new_store(), SEED, KILLS))


def test_the_sync(nursery: Nursery, tmp_path: Path, new_store: Callable[[], str]) -> None:
    died(kill_syncs(nursery, tmp_path, new_store(), SEED, KILLS))


def test_the_migration(nursery: Nursery, new_store: Callable[[], str]) -> None:
    died(kill_migrations(nursery, new_store(), SEED, KILLS))
