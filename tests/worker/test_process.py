"""The worker as real processes: started all at once, killed, and for two harness homes at a time."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hivemind_skillopt.launch import WORKER_MAIN
from tests.worker.lab import FAULT, PROPOSAL, Lab
from tests.worker.processes import ends, log_lines, start, until, until_logged


@pytest.fixture
def now(lab: Lab) -> Lab:
    """The processes have the real clock."""
    lab.now = time.time_ns() - 600 * 10**9
    return lab


def test_many_starts_while_files_come_in_lose_nothing_and_double_nothing(now: Lab) -> None:
    now.environ["HIVEMIND_SKILLOPT_MAX_SHARE_PER_SKILL"] = "1"
    now.script(judge=[{"answer": {**FAULT, "outcome": "ok", "quote": None}}])
    workers = []
    for number in range(30):
        now.use(session=f"s{number}")
        now.react(session=f"s{number}")
        workers.append(start(now))
    assert set(ends(workers)) == {0}
    assert now.left() == [0, 0, 0]
    assert len(now.store.verdicts()) == len(now.store.invocations()) == len(now.store.attributions()) == 30
    assert now.log("worker_failed") == []


def test_a_killed_workers_work_is_done_by_the_next_once(now: Lab) -> None:
    """Killed at its first, second, ... log line: whatever was committed stays, the rest is done again."""
    for number in range(6):
        now.use(session=f"s{number}", tool=f"t{number}")
        now.react(session=f"s{number}", prompt=f"p{number}-2")
        lines = log_lines(now)
        worker = start(now)
        until_logged(now, lines + number % 4 + 1, worker)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    assert ends([start(now)]) == [0]
    inbox, _, outbox = now.left()
    verdicts = now.store.verdicts()
    assert (inbox, outbox) == (0, 0)
    assert len(verdicts) == len({verdict.invocation_id for verdict in verdicts}) == 6
    assert [version.version for version in now.store.history(verdicts[0].ref)][:2] == [1, 2]


def test_a_worker_of_another_home_waits_for_its_turn(now: Lab, tmp_path: Path) -> None:
    """The first works for ~/.claude; the second home's event is taken in by the second worker, once the first ends."""
    other = str(tmp_path / "other-claude")
    now.script(judge=[{"fails": "busy"}])
    now.use()
    now.react()
    first = start(now)
    until(lambda: bool(now.log("job_failed")))
    now.event("SessionStart", {"CLAUDE_CONFIG_DIR": other}, session="theirs")
    second = start(now, CLAUDE_CONFIG_DIR=other)
    now.script(judge=[{"answer": FAULT}], proposer=[{"answer": PROPOSAL}])
    assert ends([first, second]) == [0, 0]
    assert {row.session_id for row in now.store.attributions()} == {"s1", "theirs"}


def test_broken_settings_are_logged_and_the_inbox_is_left_alone(now: Lab) -> None:
    now.use()
    assert ends([start(now, HIVEMIND_SKILLOPT_MODE="obsrve")]) == [0]
    assert "HIVEMIND_SKILLOPT_MODE" in str(now.log("worker_failed")[0]["why"])
    assert now.left()[0] == 1


def test_without_the_guard_argument_nothing_runs(lab: Lab) -> None:
    argv = [sys.executable, "-I", WORKER_MAIN, str(lab.paths.state)]
    assert subprocess.run(argv, env={"HOME": str(lab.root)}, check=False).returncode == 2
