"""Two state directories, two homes, two stores on one machine: no cross talk, one row each, one process that waits."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import IO

import portalocker
import pytest

from hivemind_skillopt.paths import WAITERS
from hivemind_skillopt.worker import run
from tests.crash.hook import hook, silent, use
from tests.worker.lab import FAULT, REACTION, REF, SKILL, Lab, outcomes, versions
from tests.worker.processes import ends, environ_of, start, until


def twin_of(lab: Lab, state: str) -> Lab:
    """The same home, store and model, another state directory: as a second install would make it."""
    twin = replace_root(lab, state)
    twin.pull()
    return twin


def replace_root(lab: Lab, state: str) -> Lab:
    twin = object.__new__(Lab)
    twin.root, twin.now = lab.root, lab.now
    twin.environ = {**lab.environ, "HIVEMIND_SKILLOPT_STATE_DIR": str(lab.root / state)}
    return twin


@pytest.mark.parametrize("at_once", [False, True])
def test_two_state_directories_see_the_same_session(lab: Lab, at_once: bool) -> None:
    """Each judges, so a model is asked twice; ids are derived, so there is one row and one publication."""
    twin = twin_of(lab, "second state")
    for one in (lab, twin):
        one.now = lab.now
        one.event("SessionStart")
        one.event("PreToolUse", tool_name="Skill", tool_input={"skill": str(REF)}, tool_use_id="t1", prompt_id="p1")
        one.react()
    body = SKILL.split("---\n", 2)[2].lstrip("\n")
    lab.transcribe("s1", "p1", "t1", f"Base directory for this skill: {lab.installed()}\n\n{body}")
    if at_once:
        assert ends([start(one) for one in (lab, twin)]) == [0, 0]
    else:
        assert [ends([start(one)]) for one in (lab, twin)] == [[0], [0]]
    assert (outcomes(lab), versions(lab)) == (["skill_fault"], [1, 2])
    store = lab.store
    assert [len(rows) for rows in (store.attributions(), store.invocations(), store.proposals())] == [1, 1, 1]
    for one in (lab, twin):
        assert (one.left(), one.log("worker_failed"), one.jobs().failures()) == ([0, 0, 0], [], [])
    lab.pull()
    assert "Always ask which environment first." in (lab.installed() / "SKILL.md").read_text()


def test_the_variable_moves_a_hook_to_the_other_state(lab: Lab) -> None:
    """And leaves the one that its launcher names alone."""
    twin = twin_of(lab, "second state")
    environ = {**environ_of(lab), "HIVEMIND_SKILLOPT_STATE_DIR": str(twin.paths.state)}
    assert silent(hook(lab.paths.state, "PreToolUse", use(), environ))
    assert not lab.paths.inbox.exists()
    assert len(os.listdir(twin.paths.inbox)) == 1


def test_two_stores_on_one_state_are_both_recorded(lab: Lab) -> None:
    """The recorders' list names the skills of both."""
    environ, lab.environ = lab.environ, {**lab.environ, "HIVEMIND_ORG_ID": "other"}
    theirs = replace(REF, name="lint")
    lab.publish(SKILL, theirs)
    lab.pull()
    lab.environ = environ
    assert lab.paths.org_skills.read_text().split() == ["deploy--alice", "lint--alice"]


def hold(lab: Lab) -> IO[str]:
    """As a worker of somebody else's items that takes its time."""
    file = lab.paths.lock.open("a")
    portalocker.lock(file, portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING)
    file.write("somebody else's")
    file.flush()
    return file


def test_many_prompts_of_a_second_home_leave_one_process_waiting(lab: Lab) -> None:
    other = {"CLAUDE_CONFIG_DIR": str(lab.root / "other")}
    lab.database.close()
    held = hold(lab)
    workers = []
    for number in range(6):
        lab.event("SessionStart", other, session=f"s{number}")
        workers.append(start(lab, **other))
    until(lambda: sum(worker.poll() is None for worker in workers) <= 1)
    time.sleep(2 * run.PAUSE_SECONDS)
    waiting = [worker for worker in workers if worker.poll() is None]
    assert len(waiting) == 1
    assert len(list(lab.paths.state.glob(WAITERS))) == 1
    held.close()
    assert ends(workers) == [0] * 6
    assert {row.session_id for row in lab.store.attributions()} == {f"s{number}" for number in range(6)}
    assert lab.left() == [0, 0, 0]


def test_two_homes_that_wait_do_not_stand_in_each_others_way(lab: Lab) -> None:
    homes = [{"CLAUDE_CONFIG_DIR": str(lab.root / name)} for name in ("one", "two")]
    lab.database.close()
    held = hold(lab)
    workers: list[subprocess.Popen[bytes]] = []
    for home in homes:
        lab.event("SessionStart", home, session=Path(home["CLAUDE_CONFIG_DIR"]).name)
        workers.append(start(lab, **home))
    until(lambda: len(list(lab.paths.state.glob(WAITERS))) == 2)
    held.close()
    assert ends(workers) == [0, 0]
    assert {row.session_id for row in lab.store.attributions()} == {"one", "two"}


def test_a_waiter_that_was_killed_is_replaced(lab: Lab) -> None:
    other = {"CLAUDE_CONFIG_DIR": str(lab.root / "other")}
    lab.database.close()
    held = hold(lab)
    lab.event("SessionStart", other)
    first = start(lab, **other)
    until(lambda: len(list(lab.paths.state.glob(WAITERS))) == 1)
    first.kill()
    first.wait()
    second = start(lab, **other)
    held.close()
    assert ends([second]) == [0]
    assert [row.session_id for row in lab.store.attributions()] == ["s1"]


def test_two_pulls_at_once_put_one_version(lab: Lab) -> None:
    """Two state directories share the version folders: whoever comes second finds what it wanted to put there."""
    lab.script(judge=[{"answer": {**FAULT, "outcome": "ok", "quote": None}}])
    twins = [twin_of(lab, f"state {number}") for number in range(2)]
    for version in range(3):
        lab.publish(SKILL + f"{version}. {REACTION}\n")
        for twin in twins:
            twin.event("SessionStart", session=f"s{version}")
        assert ends([start(twin) for twin in twins]) == [0, 0]
    for twin in twins:
        assert twin.log("pull_failed") == twin.log("worker_failed") == []
        assert len(twin.log("pulled")) == 4
    assert lab.installed().resolve().parent.name == lab.store.history(REF)[-1].content_sha256[:12]
