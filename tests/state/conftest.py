"""A state directory for the tests of its parts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hivemind_skillopt.state.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A fresh state.db."""
    made = Database(tmp_path / "state.db")
    yield made
    made.close()
