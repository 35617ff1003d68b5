"""Seeded kills of the worker; two files, so that two test processes share them."""

from __future__ import annotations

import pytest

from tests.crash.kills import SEEDS, kill_again_and_again
from tests.worker.lab import Lab


@pytest.mark.parametrize("seed", range(SEEDS // 2, SEEDS))
def test_nothing_is_lost_or_doubled(lab: Lab, seed: int) -> None:
    kill_again_and_again(lab, seed)
