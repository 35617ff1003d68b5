"""A lab, and the nursery of processes that are to die."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.nursery import Nursery
from tests.worker.lab import Lab

pytest.register_assert_rewrite("tests.crash.story")


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """deploy--alice v1 is published and pulled; the clock is the real one, a little behind."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    made = Lab.of_today(tmp_path)
    made.publish()
    made.pull()
    return made


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """One for a module: it has imported everything, so that each life costs milliseconds."""
    with Nursery() as made:
        yield made
