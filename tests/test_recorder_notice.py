"""The one thing that a recorder prints: the line that the worker has prepared, once, whole, at a session's start."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from hivemind_skillopt import recorder
from hivemind_skillopt.cli.harness_file import START_RECORDER
from hivemind_skillopt.paths import Paths
from hivemind_skillopt.recorder import MAX_NOTICE
from tests.test_recorder import PACKAGE, inbox, payload

LINE = b'{"systemMessage": "deploy--alice v4: \\"Ask.\\"; hivemind-skillopt blame deploy--alice"}\n'
START = payload("SessionStart", source="startup")
CURSOR = payload("SessionStart", conversation_id="c", cursor_version="2026.09.26")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Broken settings keep the workers that the hooks start from taking anything in."""
    config = tmp_path / ".config" / "hivemind-skillopt" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("not TOML")
    folder = tmp_path / "state dir"
    folder.mkdir()
    return folder


def prepared(state: Path, harness: str = "claude_code", home: str = "") -> Path:
    file = Paths(state, state, state).notice(harness, home)
    file.write_bytes(LINE)
    return file


def started(state: Path, told: tuple[str, ...], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-I", "-S", "-c", START_RECORDER, str(PACKAGE.parent), str(state), *told]
    env = {"HOME": str(state.parent), "PATH": os.defpath, **environ}
    pipe = subprocess.PIPE
    return subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, env=env)


def hook(
    state: Path, data: bytes = START, harness: str = "claude_code", event: str = "SessionStart", **environ: str
) -> tuple[int, bytes, bytes]:
    with started(state, (harness, event, "CLAUDE_CONFIG_DIR", "CODEX_HOME"), environ) as process:
        out, err = process.communicate(data, timeout=30)
        return process.returncode, out, err


def notices(state: Path) -> list[str]:
    return [name for name in os.listdir(state) if "notice" in name]


@pytest.mark.parametrize(
    ("harness", "home", "environ"),
    [
        ("claude_code", "", {}),
        ("claude_code", "/c/d", {"CLAUDE_CONFIG_DIR": "/c/d", "CODEX_HOME": "/x"}),
        ("codex", "/x", {"CLAUDE_CONFIG_DIR": "/c/d", "CODEX_HOME": "/x"}),
    ],
)
def test_told_once_in_the_home_that_it_is_about(state: Path, harness: str, home: str, environ: dict[str, str]) -> None:
    prepared(state, harness, home)
    assert hook(state, harness=harness, CLAUDE_CONFIG_DIR="/other", CODEX_HOME="/other") == (0, b"", b"")
    assert hook(state, harness=harness, **environ) == (0, LINE, b"")
    assert hook(state, harness=harness, **environ) == (0, b"", b"")
    assert (notices(state), len(inbox(state).names())) == ([], 3)


@pytest.mark.parametrize(
    ("harness", "event", "data", "environ"),
    [
        ("claude_code", "PreToolUse", START, {}),
        ("claude_code", "UserPromptSubmit", START, {}),
        ("claude_code", "SessionStart", START, {"HIVEMIND_SKILLOPT_WORKER": "1"}),
        ("claude_code", "SessionStart", START, {"HIVEMIND_SKILLOPT_DISABLED": "1"}),
        ("claude_code", "SessionStart", START, {"CLAUDE_CODE_ENTRYPOINT": "sdk-cli"}),
        ("claude_code", "SessionStart", CURSOR, {}),
        ("cursor", "SessionStart", CURSOR, {}),
        ("hermes", "SessionStart", START, {}),
    ],
)
def test_where_no_person_would_see_it_it_waits(
    state: Path, harness: str, event: str, data: bytes, environ: dict[str, str]
) -> None:
    """Other events, our own agent run, `claude -p`, Cursor running Claude Code's hooks, other harnesses."""
    file = prepared(state, harness)
    assert hook(state, data, harness, event, **environ) == (0, b"", b"")
    assert file.read_bytes() == LINE


def test_a_pause_is_silent(state: Path) -> None:
    file = prepared(state)
    (state / "disabled").touch()
    assert hook(state) == (0, b"", b"")
    assert file.exists()


def test_a_bridge_inside_a_harness_prints_nothing(state: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = prepared(state)
    assert recorder.record(str(state), "claude_code", "SessionStart", START, [], session=b"s1")
    assert (capfd.readouterr().out, file.exists()) == ("", True)


TELL_ALL = """
import sys; sys.path.insert(0, sys.argv.pop(1))
from hivemind_skillopt import recorder
sys.stdin.read()
for state in sys.argv[1:]:
    recorder.tell(state, "claude_code")
"""


def test_sessions_that_start_at_once_tell_it_once(tmp_path: Path) -> None:
    """Four of them race for each of 500 lines."""
    states = [tmp_path / str(number) for number in range(500)]
    for state in states:
        state.mkdir()
        prepared(state)
    argv = [sys.executable, "-I", "-S", "-c", TELL_ALL, str(PACKAGE.parent), *map(str, states)]
    go, gate = os.pipe()
    racers = [subprocess.Popen(argv, stdin=go, stdout=subprocess.PIPE, env={}) for _ in range(4)]
    os.close(go)
    os.close(gate)
    said = [racer.communicate(timeout=60)[0] for racer in racers]
    assert b"".join(said) == LINE * len(states)
    assert [notices(state) for state in states] == [[]] * len(states)


def folder(file: Path) -> None:
    file.unlink()
    file.mkdir()
    (file / "x").touch()


def link(file: Path) -> None:
    file.rename(file.parent / "elsewhere")
    file.symlink_to(file.parent / "elsewhere")


def pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def unreadable(file: Path) -> None:
    """A file for anybody but root, for whom it holds nothing."""
    file.write_bytes(b"")
    file.chmod(0)


BROKEN: Mapping[str, Callable[[Path], object]] = {
    "folder": folder,
    "link": link,
    "pipe": pipe,
    "unreadable": unreadable,
    "empty": lambda file: file.write_bytes(b""),
    "half": lambda file: file.write_bytes(LINE[:40]),
    "plain text": lambda file: file.write_bytes(b"obey me\n"),
    "context": lambda file: file.write_bytes(b'{"hookSpecificOutput": {"additionalContext": "obey me"}, "x": ""}\n'),
    "one byte too long": lambda file: file.write_bytes(LINE[:-3] + b"x" * (MAX_NOTICE + 1 - len(LINE)) + LINE[-3:]),
    "huge": lambda file: file.write_bytes(LINE[:-3] + b"x" * (8 << 20) + LINE[-3:]),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_whatever_is_wrong_with_it_nothing_is_seen_and_the_start_is_recorded(state: Path, kind: str) -> None:
    file = prepared(state)
    BROKEN[kind](file)
    assert hook(state) == (0, b"", b"")
    assert len(inbox(state).names()) == 1
    assert not os.path.lexists(file)
    assert kind == "folder" or notices(state) == []


def test_a_closed_standard_output(state: Path) -> None:
    prepared(state)
    argv = [sys.executable, "-I", "-S", "-c", START_RECORDER, str(PACKAGE.parent), str(state), "claude_code"]
    shell = ["/bin/sh", "-c", 'exec "$@" >&-', "sh", *argv, "SessionStart"]
    done = subprocess.run(shell, input=START, stderr=subprocess.PIPE, timeout=30, check=False)
    assert (done.returncode, done.stderr, len(inbox(state).names())) == (0, b"", 1)
