"""state.db locked, damaged or from the future, and a broken config.toml: one line that says what to do; hooks go on."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from hivemind_skillopt.state.log import read_log
from tests.crash.hook import hook, silent, use
from tests.worker.lab import Lab, outcomes, versions
from tests.worker.processes import ends, environ_of, start, until

STATUS = [sys.executable, "-m", "hivemind_skillopt", "status"]


def cli(lab: Lab, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "hivemind_skillopt", *arguments],
        env={**environ_of(lab), "XDG_CONFIG_HOME": os.environ["XDG_CONFIG_HOME"], "COLUMNS": "80"},
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done


def one_line(lab: Lab) -> str:
    """What `status` says of it."""
    done = cli(lab, "status")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    return line


def garbage(path: Path) -> None:
    path.write_bytes(os.urandom(path.stat().st_size))


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2 + 100)


def emptied_in_the_middle(path: Path) -> None:
    """The first page is whole, so that it looks like a database."""
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[:4096] + b"\xff" * (size - 4096))


def copy_over(path: Path) -> None:
    """A new file in its place: what this process has open must not mend the damage."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("VACUUM INTO ?", (f"{path}.copy",))
    for name in ("-wal", "-shm"):
        path.with_name(path.name + name).unlink(missing_ok=True)
    os.replace(f"{path}.copy", path)


@pytest.mark.parametrize("damage", [garbage, truncated, emptied_in_the_middle])
def test_a_damaged_state_db(lab: Lab, damage: Callable[[Path], None]) -> None:
    """Hooks record, workers end with a line, and doing what the line says brings all of it back."""
    lab.use()
    state_db = lab.paths.state_db
    copy_over(state_db)
    damage(state_db)
    assert silent(hook(lab.paths.state, "PreToolUse", use("t9", "s9"), environ_of(lab)))
    lab.react()
    assert [*ends([start(lab)]), *ends([start(lab)])] == [0, 0]
    assert "move it away" in one_line(lab)
    failures = [str(entry["why"]) for entry in lab.log("worker_failed")]
    assert len(failures) == 2, failures
    assert all("move it away, then run `hivemind-skillopt install` again" in failure for failure in failures)
    assert len(list(lab.paths.inbox.iterdir())) == 3
    state_db.rename(state_db.with_name("broken.db"))
    assert cli(lab, "install", "--yes").returncode == 0
    assert cli(lab, "pull").returncode == 0
    assert ends([start(lab)]) == [0]
    assert (outcomes(lab), versions(lab), lab.left()) == (["skill_fault"], [1, 2], [0, 0, 0])


def test_a_state_db_that_is_held_for_long(lab: Lab) -> None:
    """Longer than the busy timeout: the worker gives up with a line, a hook does not even notice."""
    lab.use()
    lab.react()
    holder = sqlite3.connect(lab.paths.state_db, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    worker = start(lab)
    assert silent(hook(lab.paths.state, "PreToolUse", use("t9", "s9"), environ_of(lab)))
    assert ends([worker]) == [0]
    holder.execute("ROLLBACK")
    holder.close()
    (failure,) = lab.log("worker_failed")
    assert "another program holds it" in str(failure["why"])
    assert ends([start(lab)]) == [0]
    assert (outcomes(lab), lab.left()) == (["skill_fault"], [0, 0, 0])
    assert len(lab.store.invocations()) == 2


def test_a_state_db_of_a_newer_version(lab: Lab) -> None:
    lab.use()
    with lab.database.transaction() as connection:
        connection.exec_driver_sql("PRAGMA user_version=99")
    assert silent(hook(lab.paths.state, "PreToolUse", use("t9", "s9"), environ_of(lab)))
    assert ends([start(lab)]) == [0]
    assert ["upgrade this one" in str(entry["why"]) for entry in lab.log("worker_failed")] == [True]
    assert "upgrade this one" in one_line(lab)
    assert len(list(lab.paths.inbox.iterdir())) == 2


@pytest.mark.parametrize("text", ["mode = [", "mode = 'obsrve'", "\x00", "judge_window = -3"])
def test_a_broken_config_toml(lab: Lab, text: str) -> None:
    lab.use()
    environ = {**environ_of(lab), "XDG_CONFIG_HOME": os.environ["XDG_CONFIG_HOME"]}
    state, config_file, log = lab.paths.state, lab.paths.config_file, lab.paths.log
    config_file.parent.mkdir(parents=True)
    config_file.write_text(text)
    for event in ("PreToolUse", "SessionStart"):
        assert silent(hook(state, event, use("t9", "s9"), environ))
    until(lambda: "worker_failed" in log.read_text())
    failures = [entry for entry in read_log(log) if entry["what"] == "worker_failed"]
    done = subprocess.run(STATUS, env=environ, capture_output=True, text=True, timeout=100, check=False)
    (line,) = done.stderr.splitlines()
    assert [done.returncode, len(failures), len(os.listdir(state / "inbox"))] == [1, 1, 3]
    assert "config.toml" in line or "HIVEMIND_SKILLOPT" in line
    assert str(failures[0]["why"]).splitlines()[0] in line
