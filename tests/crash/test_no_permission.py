"""Folders that may not be written, or are none: hooks are silent, the worker ends, and later all is done."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hivemind_skillopt.errors import SettingsError
from hivemind_skillopt.settings import load_settings
from tests.crash.hook import SESSION, argv_of, payload, silent, use
from tests.crash.rights import as_owner_only
from tests.harness.requirements import require
from tests.worker.lab import Lab, outcomes
from tests.worker.processes import ends, environ_of, start, worker_argv

EVENTS = {
    "SessionStart": payload("SessionStart"),
    "PreToolUse": use(),
    "UserPromptSubmit": payload("UserPromptSubmit", prompt="thanks", prompt_id="p2"),
}

STARTS = 3
"""Of the worker: two by the hooks, one by the test."""


def run(argv: list[str], environ: dict[str, str], data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        argv, input=data, env=environ, capture_output=True, timeout=100, check=False, preexec_fn=as_owner_only
    )


def status(environ: dict[str, str]) -> str:
    """What `status` says: one line where it cannot say anything else."""
    done = run([sys.executable, "-m", "hivemind_skillopt", "status"], environ)
    assert b"Traceback" not in done.stderr
    lines = done.stderr.decode().strip().splitlines()
    assert len(lines) == done.returncode
    return " ".join(lines)


@pytest.fixture(autouse=True)
def permissions_count(tmp_path: Path) -> None:
    """Nothing here means anything where they do not."""
    folder = tmp_path / "read-only"
    folder.mkdir(mode=0o500)
    code = f"open({str(folder / 'file')!r}, 'w')"
    if run([sys.executable, "-c", code], {}).returncode == 0:
        require("a user whom permission bits stop")


@pytest.mark.parametrize("folder", [".", "inbox", "sessions"])
def test_a_folder_that_may_not_be_written(lab: Lab, folder: str) -> None:
    """Which of the state's folders: whatever is in it waits until it may be written again."""
    lab.use()
    lab.react()
    state, environ = lab.paths.state, environ_of(lab)
    (state / "sessions").mkdir(exist_ok=True)
    (state / "sessions" / f"claude_code-{SESSION}").touch()
    locked = state / folder
    locked.chmod(0o500)
    try:
        for event, data in EVENTS.items():
            assert silent(run(argv_of(state, event), environ, data)), event
        assert run(worker_argv(state), environ).returncode == 0
        status(environ)
    finally:
        locked.chmod(0o700)
    assert len(lab.log("worker_failed")) <= STARTS, "a loop"
    assert ends([start(lab)]) == [0]
    assert (outcomes(lab), lab.left()) == (["skill_fault"], [0, 0, 0])


def test_a_home_that_may_not_be_written(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o500)
    environ = {"HOME": str(home), "PATH": os.defpath}
    state = home / ".local" / "state" / "hivemind-skillopt"
    for event, data in EVENTS.items():
        assert silent(run(argv_of(state, event), environ, data)), event
    assert run(worker_argv(state), environ).returncode == 0
    assert "Permission denied" in status(environ)
    assert os.listdir(home) == []


@pytest.mark.parametrize("event", EVENTS)
def test_no_home_at_all(lab: Lab, event: str) -> None:
    """Where there is no HOME, the system's own record of the user counts; a hook does not ask."""
    assert silent(run(argv_of(lab.paths.state, event), {}, EVENTS[event]))
    environ = {name: text for name, text in environ_of(lab).items() if name != "HOME"}
    assert run(worker_argv(lab.paths.state), environ).returncode == 0
    assert lab.log("worker_failed") == []


def test_a_user_without_any_home_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", unknown)
    with pytest.raises(SettingsError, match="set HOME"):
        load_settings({"HIVEMIND_SKILLOPT_STATE_DIR": "/nowhere"})


def a_file(path: Path) -> Path:
    path.write_text("not a folder")
    return path


PLACES: dict[str, Callable[[Path], Path]] = {
    "is a file": lambda root: a_file(root / "state"),
    "is under a file": lambda root: a_file(root / "file") / "state",
    "is a dangling link": lambda root: (root / "link").symlink_to(root / "gone" / "state") or root / "link",
}


@pytest.mark.parametrize("place", PLACES)
def test_a_state_directory_that_is_none(tmp_path: Path, place: str) -> None:
    state = PLACES[place](tmp_path)
    environ = {"HOME": str(tmp_path), "PATH": os.defpath, "HIVEMIND_SKILLOPT_STATE_DIR": str(state)}
    for event, data in EVENTS.items():
        assert silent(run(argv_of(state, event), environ, data)), event
    assert run(worker_argv(state), environ).returncode == 0
    assert str(state.name) in status(environ)


@pytest.mark.parametrize("name", ["inbox", "sessions", "set-aside", "log.jsonl", "worker.lock", "org-skills"])
def test_something_else_in_a_places_stead(lab: Lab, name: str) -> None:
    """A folder where a file should be, and the other way round: silence, and no loop."""
    lab.use()
    path = lab.paths.state / name
    if path.is_dir():
        path.rename(path.with_name("before"))
    path.unlink(missing_ok=True)
    _ = path.mkdir() if "." in name or name == "org-skills" else a_file(path)
    for event, data in EVENTS.items():
        assert silent(run(argv_of(lab.paths.state, event), environ_of(lab), data)), event
    assert run(worker_argv(lab.paths.state), environ_of(lab)).returncode == 0
    assert name == "log.jsonl" or len(lab.log("worker_failed")) <= STARTS, "a loop"
