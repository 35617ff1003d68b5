"""The recorder, killed at seeded instants and before each of its steps: a whole inbox file, or none."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hivemind_skillopt.model import DAY
from hivemind_skillopt.state.inbox import read_item
from tests.crash.hook import SESSION, argv_of, payload, use
from tests.crash.nursery import Nursery
from tests.worker.lab import Lab
from tests.worker.processes import environ_of

RUNS = 40
FILLER = "x" * 200_000
"""More than one write buffer and more than one pipe: there is time to die in between."""


def whole(inbox: Path) -> Iterator[bytes]:
    """The payloads of what a worker would take for inbox files."""
    for path in inbox.iterdir() if inbox.is_dir() else ():
        if not path.name.startswith(".tmp-"):
            yield read_item(path.name, path.read_bytes()).payload


def kill_one(lab: Lab, data: bytes, delay: float) -> None:
    environ = environ_of(lab)
    process = subprocess.Popen(argv_of(lab.paths.state, "PreToolUse"), stdin=subprocess.PIPE, env=environ)
    assert process.stdin is not None
    end = time.monotonic() + delay
    try:
        process.stdin.write(data)
        process.stdin.close()
    except BrokenPipeError:
        pass
    time.sleep(max(0.0, end - time.monotonic()))
    process.send_signal(signal.SIGKILL)
    process.wait()


def measured(lab: Lab) -> float:
    """Seconds that a whole run takes here and now."""
    start = time.monotonic()
    subprocess.run(argv_of(lab.paths.state, "PreToolUse"), input=use("t0"), env=environ_of(lab), check=True)
    return time.monotonic() - start


@pytest.mark.parametrize("seed", range(5))
def test_killed_at_seeded_instants(lab: Lab, nursery: Nursery, seed: int) -> None:
    draw = random.Random(seed)
    run_time = measured(lab)
    sent = [use("t0")]
    for number in range(1, RUNS + 1):
        sent.append(use(f"t{number}", filler=FILLER))
        kill_one(lab, sent[-1], draw.uniform(0, 1.5 * run_time))
    recorded = list(whole(lab.paths.inbox))
    assert set(recorded) <= set(sent), "half a payload was recorded"
    assert not nursery.worker(lab.paths.state, environ_of(lab)).killed
    assert lab.log("set_aside") == []
    assert len(lab.store.invocations()) == len(recorded)
    lab.now = time.time_ns() + 2 * DAY
    lab.work()
    assert list(lab.paths.inbox.iterdir()) == [], "leftovers of killed recorders go after a day"


EVENTS = {
    "SessionStart": payload("SessionStart", filler=FILLER),
    "PreToolUse": use(filler=FILLER),
    "UserPromptSubmit": payload("UserPromptSubmit", prompt="no", prompt_id="p2", filler=FILLER),
}


@pytest.mark.parametrize("event", EVENTS)
def test_killed_before_each_step(lab: Lab, nursery: Nursery, tmp_path: Path, event: str) -> None:
    stdin = tmp_path / "stdin"
    stdin.write_bytes(EVENTS[event])
    marker = lab.paths.markers / f"claude_code-{SESSION}"
    die_at, killed, recorded = 0, True, 0
    while killed:
        die_at += 1
        if event == "UserPromptSubmit":
            marker.parent.mkdir(exist_ok=True)
            marker.touch()
        killed = nursery.recorder(lab.paths.state, event, stdin, environ_of(lab), die_at).killed
        found = list(whole(lab.paths.inbox))
        assert set(found) <= {EVENTS[event]}, f"killed before step {die_at}: half a payload was recorded"
        assert len(found) - recorded in (0, 1)
        assert killed or len(found) == recorded + 1
        recorded = len(found)
    assert die_at >= 7, "hardly a step was counted"
    assert not nursery.worker(lab.paths.state, environ_of(lab)).killed
    assert lab.log("set_aside") == lab.log("worker_failed") == []
    assert list(whole(lab.paths.inbox)) == []
    lab.now = time.time_ns() + 2 * DAY
    lab.work()
    assert list(lab.paths.inbox.iterdir()) == []
