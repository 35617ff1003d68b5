"""The recorder, killed at seeded instants and before each of its steps: a whole inbox file, or none."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hivemind_skillopt.adapters.claude_code.payload import reaction_id
from hivemind_skillopt.model import DAY
from hivemind_skillopt.state.inbox import read_item
from hivemind_skillopt.state.markers import Markers
from hivemind_skillopt.state.worker_lock import worker_lock
from tests.crash.hook import SESSION, argv_of, payload, use
from tests.crash.nursery import Nursery
from tests.worker.lab import FAULT, Lab
from tests.worker.processes import PATIENCE_SECONDS, environ_of, until

RUNS = 40
REACTIONS = 20
FILLER = "x" * 200_000
"""More than one write buffer and more than one pipe: there is time to die in between."""


def whole_files(inbox: Path) -> list[Path]:
    """What a worker would take for inbox files; what a killed recorder left half written is none for a day."""
    return [path for path in inbox.iterdir() if not path.name.startswith(".tmp-")] if inbox.is_dir() else []


def whole(inbox: Path) -> Iterator[bytes]:
    """The payloads of these."""
    return (read_item(path.name, path.read_bytes()).payload for path in whole_files(inbox))


def kill_one(lab: Lab, event: str, data: bytes, delay: float) -> bool:
    """Did it die of the signal? Else it had ended before, as it should."""
    environ = environ_of(lab)
    process = subprocess.Popen(argv_of(lab.paths.state, event), stdin=subprocess.PIPE, env=environ)
    assert process.stdin is not None
    end = time.monotonic() + delay
    try:
        process.stdin.write(data)
        process.stdin.close()
    except BrokenPipeError:
        pass
    time.sleep(max(0.0, end - time.monotonic()))
    process.send_signal(signal.SIGKILL)
    code = process.wait()
    assert code in (0, -signal.SIGKILL)
    return code != 0


def kill_all(lab: Lab, event: str, sent: list[bytes], seed: int, run_time: float) -> int:
    """How many died. The guess at how long one takes follows the machine, so that some die and some do not."""
    draw, killed = random.Random(seed), 0
    for data in sent:
        died = kill_one(lab, event, data, draw.uniform(0, 1.5 * run_time))
        killed += died
        run_time *= 1.2 if died else 0.8
    return killed


def measured(lab: Lab) -> float:
    """Seconds that a whole run takes here and now."""
    start = time.monotonic()
    subprocess.run(argv_of(lab.paths.state, "PreToolUse"), input=use("t0"), env=environ_of(lab), check=True)
    return time.monotonic() - start


@pytest.mark.parametrize("seed", range(5))
def test_killed_at_seeded_instants(lab: Lab, nursery: Nursery, seed: int) -> None:
    first = measured(lab)
    sent = [use(f"t{number}", filler=FILLER) for number in range(1, RUNS + 1)]
    killed = kill_all(lab, "PreToolUse", sent, seed, first)
    recorded = list(whole(lab.paths.inbox))
    assert set(recorded) <= {use("t0"), *sent}, "half a payload was recorded"
    assert 0 < killed < RUNS
    assert 1 + RUNS - killed <= len(recorded) <= RUNS, "who was not killed has recorded, and not all have"
    assert not nursery.worker(lab.paths.state, environ_of(lab)).killed
    assert lab.log("set_aside") == []
    assert len(lab.store.invocations()) == len(recorded)
    lab.now = time.time_ns() + 2 * DAY
    lab.work()
    assert list(lab.paths.inbox.iterdir()) == [], "leftovers of killed recorders go after a day"


@pytest.mark.parametrize("seed", range(3))
def test_each_reaction_that_was_recorded_is_judged(lab: Lab, nursery: Nursery, seed: int) -> None:
    lab.script(judge=[{"answer": {**FAULT, "outcome": "ok", "quote": None}}])
    with nobody_works(lab):
        sent = {reaction(lab, f"s{number}"): reaction_id(f"s{number}", "p2") for number in range(REACTIONS)}
        killed = kill_all(lab, "UserPromptSubmit", list(sent), seed, measured(lab))
        recorded = {sent[data] for data in whole(lab.paths.inbox) if data in sent}
    assert 0 < killed < REACTIONS
    assert REACTIONS - killed <= len(recorded) < REACTIONS
    assert not nursery.worker(lab.paths.state, environ_of(lab)).killed
    until(lambda: not whole_files(lab.paths.inbox) and not any(lab.left()[1:]))  # by one that a recorder had started
    with worker_lock(lab.paths.lock, PATIENCE_SECONDS):
        judged = [one for verdict in lab.store.verdicts() for one in verdict.reaction_ids]
    assert sorted(judged) == sorted(recorded)


def reaction(lab: Lab, session: str) -> bytes:
    """What a human says in a session whose use of the skill was recorded whole."""
    lab.use(session=session)
    Markers(lab.paths.markers).put("claude_code", session)
    transcript = str(lab.root / f"{session}.jsonl")
    said = {"prompt": "no, that is wrong", "prompt_id": "p2", "transcript_path": transcript, "cwd": "/home/dev/shop"}
    return payload("UserPromptSubmit", session, **said, filler=FILLER)


@contextmanager
def nobody_works(lab: Lab) -> Iterator[None]:
    """The workers that recorders start find one of their own running, and end."""
    homes = frozenset({str(lab.root / "home" / ".claude")})
    with worker_lock(lab.paths.lock) as lock:
        lock.write("\n".join((lab.settings.store_id, *homes)))
        lock.flush()
        yield
        lock.truncate(0)


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
