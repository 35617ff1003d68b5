"""A job whose scorer keeps failing: run it to its end, and look at its attempts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from typing import Any

from hivemind_skillopt.model import SECOND
from hivemind_skillopt.state.jobs import BACK_OFF, MAX_ATTEMPTS
from tests.worker.lab import Lab


def work_until_it_gives_up(lab: Lab) -> None:
    """Run after run, each when the next attempt is due."""
    lab.work()
    for _ in range(MAX_ATTEMPTS):
        due = lab.next_due()
        if due is None:
            return
        lab.now = max(lab.now, due)
        lab.work()


def assert_backed_off(lab: Lab) -> None:
    """All attempts, ever further apart, and the last one gave up."""
    failures = lab.log("job_failed")
    assert [entry["status"] for entry in failures] == ["due"] * (MAX_ATTEMPTS - 1) + ["failed"]
    times = [int(str(entry["at"])) for entry in failures]
    pauses = [(later - earlier) / SECOND for earlier, later in pairwise(times)]
    assert all(pause >= asked for pause, asked in zip(pauses, BACK_OFF, strict=True)), pauses


def status(lab: Lab) -> dict[str, Any]:
    """What our CLI says, as a process of its own."""
    argv = [sys.executable, "-m", "hivemind_skillopt", "status", "--json"]
    environ = {**os.environ, **lab.settings.environ}
    run = subprocess.run(argv, env=environ, capture_output=True, text=True, timeout=120, check=True)
    return json.loads(run.stdout)  # type: ignore[no-any-return]
