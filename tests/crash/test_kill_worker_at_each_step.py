"""The worker, killed before each single thing that it writes down: the next one finishes, nothing lost or doubled."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.crash.nursery import Nursery
from tests.crash.story import DOCS, LINT, Story
from tests.worker.lab import REACTION, REF, Lab

BATCHES = 4


@pytest.mark.parametrize("batch", range(BATCHES))
def test_killed_before_each_step_in_turn(lab: Lab, nursery: Nursery, tmp_path: Path, batch: int) -> None:
    """Batch k kills before step k, k + 4, ...: every step of the whole run dies once."""
    story = Story.begin(lab)
    story.session(REF, REACTION)
    story.session(LINT, "thanks", REACTION, "and another thing is wrong")
    story.session(DOCS, "what a zebra, but never mind", fault=False)
    environ = {**dict(lab.settings.environ), "XDG_DATA_HOME": os.environ["XDG_DATA_HOME"]}
    snapshot = tmp_path.with_name(tmp_path.name + "-snapshot")
    shutil.copytree(tmp_path, snapshot, symlinks=True)
    die_at, killed = batch + 1, True
    while killed:
        shutil.rmtree(tmp_path)
        shutil.copytree(snapshot, tmp_path, symlinks=True)
        killed = nursery.worker(lab.paths.state, environ, die_at).killed
        last = nursery.worker(lab.paths.state, environ)
        try:
            story.check()
        except AssertionError as error:
            raise AssertionError(f"after a kill before step {die_at}: {error}") from error
        die_at += BATCHES
    assert die_at > 40, "hardly a step was counted: are the commits still seen?"
    assert last.steps >= 0
