"""A lab on any store, for lives that are killed."""

from __future__ import annotations

import os
import time
from pathlib import Path

from hivemind_skillopt.model import DAY
from tests.worker.lab import Lab


def crash_lab(root: Path, store_url: str) -> Lab:
    """deploy--alice v1 is published and pulled; the clock is the real one, a little behind."""
    made = Lab.of_today(root)
    made.environ["HIVEMIND_SKILLOPT_STORE"] = store_url
    made.paths.inbox.mkdir(parents=True)
    made.publish()
    made.pull()
    return made


def environ_of(lab: Lab) -> dict[str, str]:
    """Of its processes; the data folder is the test's."""
    return {**dict(lab.settings.environ), "PATH": os.defpath, "XDG_DATA_HOME": os.environ["XDG_DATA_HOME"]}


def check_swept(lab: Lab) -> None:
    """What the dead left half made is gone after the first worker of the day after tomorrow."""
    lab.now = time.time_ns() + 2 * DAY
    lab.work()
    data = Path(os.environ["XDG_DATA_HOME"])
    left = [str(path) for folder in (lab.root, data) for path in folder.rglob("*") if ".tmp-" in path.name]
    assert left == [], "left for ever"
    assert lab.log("worker_failed") == []
