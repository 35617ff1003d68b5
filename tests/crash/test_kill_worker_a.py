"""Seeded kills of the worker; two files, so that two test processes share them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.kills import KILLS, SEEDS, kill_again_and_again
from tests.worker.lab import Lab


@pytest.mark.parametrize("seed", range(SEEDS // 2))
def test_nothing_is_lost_or_doubled(lab: Lab, seed: int) -> None:
    kill_again_and_again(lab, seed)


def test_the_page_tells_how_many_died() -> None:
    promises = Path(__file__).parents[2] / "docs" / "promises.md"
    assert f"the worker killed {SEEDS * KILLS} times, at seeded instants" in promises.read_text("utf-8")
