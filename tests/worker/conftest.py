"""A lab for the worker's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.worker.lab import Lab


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """deploy--alice v1 is published and pulled."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    made = Lab(tmp_path)
    made.publish()
    made.pull()
    return made
