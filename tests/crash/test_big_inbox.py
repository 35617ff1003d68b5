"""50,000 files in the inbox: drained in bounded memory, no recorder and no second start pays for them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from hivemind_skillopt.adapters.claude_code.payload import reaction_id
from tests.crash.hook import PACKAGE_PARENT, use
from tests.worker.lab import FAULT, Lab
from tests.worker.processes import environ_of, log_lines, start, until, worker_argv

FILES = 50_000
STARTS = 500
"""Session starts among them: each leaves a row. The rest are tool calls that turn out to be none of ours."""

REACTIONS = 5
MAX_RSS_MIB = 250
"""A worker over an empty inbox takes about 75."""

MAX_SECONDS = 240
"""On a machine that does five other things; alone it is a tenth."""


def record_many(lab: Lab) -> set[str]:
    """Files as recorders would have left them; the ids of the reactions among them."""
    lab.event("SessionStart")
    (template,) = lab.paths.inbox.iterdir()
    head = template.read_bytes().partition(b"\n\n")[0]
    call = {"tool_name": "Bash", "tool_input": {"command": "ls deploy--alice"}}
    for number in range(FILES):
        start = number % (FILES // STARTS) == 0
        body = {
            "session_id": f"n{number}" if start else "n",
            "hook_event_name": "SessionStart" if start else "PreToolUse",
        }
        write(lab, head, body if start else body | call)
        if number % (FILES // REACTIONS) == 0:
            lab.use(session=f"r{number}", tool=f"t{number}")
            lab.react(session=f"r{number}", prompt=f"p{number}")
    return {reaction_id(f"r{number}", f"p{number}") for number in range(0, FILES, FILES // REACTIONS)}


def write(lab: Lab, head: bytes, body: dict[str, object]) -> None:
    lab.now += 1_000_000
    descriptor = os.open(lab.paths.inbox / f"{lab.now:020d}-x", os.O_WRONLY | os.O_CREAT, 0o600)
    os.write(descriptor, head + b"\n\n" + json.dumps(body).encode())
    os.close(descriptor)


def peak_mib(process: subprocess.Popen[bytes]) -> float:
    """The most it had until it ended; 0 where there is no /proc. `ru_maxrss` would begin with its parent's memory."""
    peak = 0.0
    while process.poll() is None:
        with suppress(OSError, ValueError):
            status = Path(f"/proc/{process.pid}/status").read_text()
            peak = max(peak, int(status.partition("VmHWM:")[2].split()[0]) / 1024) if "VmHWM:" in status else peak
        time.sleep(0.05)
    return peak


@pytest.mark.timeout(600)
def test_fifty_thousand_files(lab: Lab) -> None:
    lab.script(judge=[{"answer": {**FAULT, "outcome": "ok", "quote": None}}])
    lab.now -= 6000 * 10**9
    reactions = record_many(lab)
    began = time.monotonic()
    worker = start(lab)
    until(lambda: log_lines(lab) > STARTS // 10)
    second = time.monotonic()
    assert subprocess.run(worker_argv(lab.paths.state), env=environ_of(lab), timeout=60, check=True).returncode == 0
    second = time.monotonic() - second
    assert worker.poll() is None, "the first one was at work all the while"
    mib = peak_mib(worker)
    took = time.monotonic() - began
    told = f"{FILES / took:.0f} files a second, {mib:.0f} MiB at most, a second start {second:.1f} s"
    print(told)
    assert worker.returncode == 0
    assert {id_ for verdict in lab.store.verdicts() for id_ in verdict.reaction_ids} == reactions, told
    assert (lab.left(), lab.log("set_aside")) == ([0, 0, 0], []), told
    assert (mib < MAX_RSS_MIB, took < MAX_SECONDS) == (True, True), told


WATCHED = """
import sys
def watch(event, arguments):
    if event in ("os.listdir", "os.scandir") and str(arguments[0]).startswith(state):
        raise SystemExit(f"the recorder asked for {event}")
sys.path.insert(0, sys.argv.pop(1))
state = sys.argv[1]
sys.addaudithook(watch)
from hivemind_skillopt import launch, recorder
launch.start_worker = lambda *_: 0
recorder.main(sys.argv)
"""


def test_the_recorder_never_lists_a_folder(lab: Lab) -> None:
    """So that the number of files cannot matter to it."""
    lab.paths.markers.mkdir(exist_ok=True)
    for event in ("SessionStart", "PreToolUse", "UserPromptExpansion", "UserPromptSubmit"):
        argv = [sys.executable, "-I", "-S", "-c", WATCHED, PACKAGE_PARENT, str(lab.paths.state), "claude_code", event]
        done = subprocess.run(argv, input=use(), env=environ_of(lab), capture_output=True, check=False, timeout=60)
        assert (done.returncode, done.stderr) == (0, b""), event
    assert len(os.listdir(lab.paths.inbox)) == 4
