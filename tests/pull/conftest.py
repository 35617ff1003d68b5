"""A machine with a store in a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hivemind_skillopt.store.engine import open_store
from tests.pull.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    store = open_store(f"sqlite:///{tmp_path}/org/store.db", "acme")
    made = World(tmp_path, store)
    yield made
    store.close()
    made.database.close()
