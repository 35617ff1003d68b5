"""Something goes round in circles and hooks fire without end: processes, model calls and disk stay bounded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hivemind_skillopt.launch import STARTS_A_MINUTE
from hivemind_skillopt.recorder import BLOCK, MAX_WAITING
from hivemind_skillopt.settings import Limits
from hivemind_skillopt.state.jobs import Jobs
from hivemind_skillopt.state.spending import Spending
from tests.worker.lab import FAULT, Lab
from tests.worker.processes import environ_of, worker_argv

EVENTS = 10_000
SESSIONS = 80
"""Of which each uses a skill and complains for ever."""

HOOKS = """
import json, os, sys, time
sys.path.insert(0, sys.argv[1])
from hivemind_skillopt import launch, recorder
state, root, events, sessions = sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
spawn, alive, told = os.posix_spawn, [], {"spawned": 0, "most alive": 0}

def counted(*arguments, **more):
    told["spawned"] += 1
    alive.append(spawn(*arguments, **more))
    return alive[-1]

os.posix_spawn = counted
began = time.monotonic()
for number in range(events):
    session, event = f"s{number % sessions}", "UserPromptSubmit" if number >= sessions else "PreToolUse"
    payload = {"session_id": session, "transcript_path": f"{root}/{session}.jsonl", "hook_event_name": event}
    payload |= {"prompt": f"{sys.argv[6]} {number}", "prompt_id": f"p{number}"} if number >= sessions else {
        "tool_name": "Skill", "tool_input": {"skill": "deploy--alice"}, "tool_use_id": f"t{number}"}
    if recorder.record(state, "claude_code", event, json.dumps(payload).encode(), []):
        recorder.start_worker(state)
    alive[:] = [pid for pid in alive if os.waitpid(pid, os.WNOHANG)[0] == 0]
    told["most alive"] = max(told["most alive"], len(alive))
for pid in alive:
    os.waitpid(pid, 0)
print(json.dumps({**told, "seconds": time.monotonic() - began}))
"""
PACKAGE_PARENT = str(Path(__file__).parents[2])


def run_away(lab: Lab, events: int = EVENTS, said: str = "no, that is wrong") -> dict[str, float]:
    argv = [
        sys.executable,
        "-c",
        HOOKS,
        PACKAGE_PARENT,
        str(lab.paths.state),
        str(lab.root),
        str(events),
        str(SESSIONS),
        said,
    ]
    done = subprocess.run(argv, env=environ_of(lab), capture_output=True, text=True, check=True, timeout=300)
    told: dict[str, float] = json.loads(done.stdout)
    return told


def allowed(seconds: float) -> int:
    """Starts in so many seconds: the minute may turn, and two at its turn may miscount."""
    return int(STARTS_A_MINUTE * (seconds // 60 + 2) + 8)


def disk(lab: Lab) -> int:
    """Bytes of everything in the state directory."""
    return sum(path.stat().st_size for path in lab.paths.state.rglob("*") if path.is_file())


@pytest.mark.timeout(400)
def test_ten_thousand_reactions_in_a_minute(lab: Lab) -> None:
    lab.script(judge=[{"answer": {**FAULT, "outcome": "ok", "quote": None}}])
    body = (lab.installed() / "SKILL.md").read_text().split("---\n", 2)[2].lstrip("\n")
    for number in range(SESSIONS):
        loaded = f"Base directory for this skill: {lab.installed()}\n\n{body}"
        lab.transcribe(f"s{number}", f"p{number}", f"t{number}", loaded)
    told = run_away(lab)
    subprocess.run(worker_argv(lab.paths.state), env=environ_of(lab), timeout=120, check=True)
    spent, waiting = (
        Spending(lab.database, Limits(), time.time_ns).today(),
        Jobs(lab.database).postponed(time.time_ns()),
    )
    print(told, spent, waiting, f"{disk(lab) / 1e6:.1f} MB")
    assert told["spawned"] <= allowed(told["seconds"]), told
    assert spent.judge_calls == Limits().judge_calls_per_day * Limits().share_per_skill
    assert {one.why for one in waiting} == {"today's 25 judge calls for deploy--alice are used up"}
    assert len(os.listdir(lab.paths.inbox)) == 0
    assert disk(lab) < 40_000_000


@pytest.mark.timeout(400)
def test_a_worker_that_crashes_at_once(lab: Lab) -> None:
    lab.database.close()
    lab.paths.state_db.unlink()
    lab.paths.state_db.mkdir()
    told = run_away(lab, EVENTS // 4, said=f"no. {'x' * 30_000}")
    print(told, f"{disk(lab) / 1e6:.1f} MB, {len(os.listdir(lab.paths.inbox))} files wait")
    assert told["spawned"] <= allowed(told["seconds"]), told
    assert 0 < len(lab.log("worker_failed")) <= told["spawned"]
    assert MAX_WAITING * BLOCK * 0.8 < disk(lab) < MAX_WAITING * BLOCK + 1_000_000
