"""The recorder as a process: what it writes, what it starts, and that nothing it meets is ever seen."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

import hivemind_skillopt
from hivemind_skillopt.cli.harness_file import START_RECORDER
from hivemind_skillopt.recorder import BLOCK, CARRIED, MAX_LOG, MAX_STDIN, MAX_WAITING, record
from hivemind_skillopt.state import inbox_size
from hivemind_skillopt.state.inbox import Inbox, InboxUnreadable, read_item
from hivemind_skillopt.state.inbox_size import count_inbox, is_full
from hivemind_skillopt.state.markers import marker_name

PACKAGE = Path(hivemind_skillopt.__file__).parent
SESSION = "a6825501-5afc-410d-927d-9b76ade46456"
EVENTS = ("SessionStart", "PreToolUse", "UserPromptExpansion", "UserPromptSubmit", "UserPromptMention")
HOME_VARIABLE = "CLAUDE_CONFIG_DIR"

HOSTILE = {
    "empty": b"",
    "null": b"null",
    "broken": b'{"session_id": "x", ',
    "bom": b"\xef\xbb\xbf{}",
    "binary": bytes(range(256)) * 50,
    "no quotes": b'{"session_id": 7}',
    "path as id": b'{"session_id":"../../../etc/passwd"}',
}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory that knows one org skill."""
    folder = tmp_path / "state dir"
    folder.mkdir()
    (folder / "org-skills").write_text("deploy--alice\n")
    (folder / "generation").write_text("7\n")
    return folder


def hook(state: Path, event: str, payload: bytes, **environ: str) -> subprocess.CompletedProcess[bytes]:
    """The process as the launcher starts it."""
    told = [str(PACKAGE.parent), str(state), "claude_code", event, HOME_VARIABLE]
    argv = [sys.executable, "-I", "-S", "-c", START_RECORDER, *told]
    env = {"HOME": str(state.parent), "PATH": os.defpath, **environ}
    return subprocess.run(argv, input=payload, capture_output=True, env=env, timeout=30, check=False)


def payload(event: str, **fields: object) -> bytes:
    return json.dumps({"session_id": SESSION, "hook_event_name": event, **fields}, separators=(",", ":")).encode()


def use(skill: str = "deploy--alice") -> bytes:
    return payload("PreToolUse", tool_name="Skill", tool_input={"skill": skill}, tool_use_id="t1", prompt_id="p1")


def inbox(state: Path) -> Inbox:
    return Inbox(state / "inbox", state / "set-aside")


def silent(done: subprocess.CompletedProcess[bytes]) -> bool:
    return (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_skill_use_is_one_file_and_a_marker(state: Path) -> None:
    body = use()
    assert silent(hook(state, "PreToolUse", body, HIVEMIND_SKILLOPT_MODE="review\nx\\", CLAUDE_CONFIG_DIR="/c"))
    ((name, item),) = inbox(state).items(inbox(state).names())
    assert not isinstance(item, InboxUnreadable)
    assert (item.harness, item.event, item.generation, item.payload) == ("claude_code", "PreToolUse", 7, body)
    assert item.carried["HIVEMIND_SKILLOPT_MODE"] == "review\nx\\"
    assert item.carried["CLAUDE_CONFIG_DIR"] == "/c"
    assert set(item.carried) <= {*CARRIED, HOME_VARIABLE}
    assert abs(item.at - time.time_ns()) < 60e9
    assert stat.S_IMODE((state / "inbox" / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((state / "inbox").stat().st_mode) == 0o700
    assert os.listdir(state / "sessions") == [marker_name("claude_code", SESSION)]


def test_a_full_inbox_takes_no_more_and_the_worker_is_due_all_the_same(state: Path) -> None:
    (state / "inbox-blocks").write_bytes(b"." * (MAX_WAITING - 2))
    start, large = payload("SessionStart"), payload("SessionStart", cwd="x" * BLOCK)
    due = [record(str(state), "claude_code", "SessionStart", body, []) for body in (start, large, start, start)]
    assert due == [True] * 4
    assert len(inbox(state).names()) == 2
    assert is_full(state / "inbox-blocks")
    count_inbox(state / "inbox", state / "inbox-blocks")
    assert (state / "inbox-blocks").read_bytes() == b".."
    assert not is_full(state / "inbox-blocks")


def test_the_recorder_and_the_worker_count_alike() -> None:
    assert (BLOCK, MAX_WAITING, MAX_STDIN // BLOCK + 1) == (inbox_size.BLOCK, inbox_size.MAX_BLOCKS, inbox_size.LARGEST)


@pytest.mark.parametrize("skill", ["deploy--blue-green", "lint", "deploy"])
def test_a_skill_that_was_not_pulled_writes_nothing(state: Path, skill: str) -> None:
    assert silent(hook(state, "PreToolUse", use(skill)))
    assert sorted(os.listdir(state)) == ["generation", "org-skills"]


def test_a_prompt_matters_only_while_its_session_has_a_marker(state: Path) -> None:
    prompt = payload("UserPromptSubmit", prompt="no", prompt_id="p2")
    assert silent(hook(state, "UserPromptSubmit", prompt))
    assert inbox(state).names() == []
    hook(state, "PreToolUse", use())
    (state / "inbox" / inbox(state).names()[0]).unlink()
    other = prompt.replace(SESSION.encode(), b"another-session")
    assert silent(hook(state, "UserPromptSubmit", other))
    assert inbox(state).names() == []


def test_a_prompt_that_may_use_a_skill_matters_without_a_marker(state: Path) -> None:
    """Harnesses where `$name` or `/name` in a prompt loads the skill, and no other event says so."""
    plain = payload("UserPromptSubmit", cwd="/skills/deploy--alice", prompt="release it")
    assert silent(hook(state, "UserPromptMention", plain))
    assert sorted(os.listdir(state)) == ["generation", "org-skills"]
    assert silent(hook(state, "UserPromptMention", payload("UserPromptSubmit", prompt="$deploy--alice to staging")))
    assert os.listdir(state / "sessions") == [marker_name("claude_code", SESSION)]
    assert silent(hook(state, "UserPromptMention", plain))
    assert len(inbox(state).names()) == 2


def test_where_a_conversation_is_named_it_is_the_session(state: Path) -> None:
    """Cursor's tool events say both ids, its prompts and sub-agents only the conversation's."""
    for more in ({"conversation_id": "c-1"}, {"conversation_id": "c-1", "session_id": None}):
        assert silent(hook(state, "PreToolUse", use().replace(b"{", json.dumps(more)[:-1].encode() + b",", 1)))
    assert os.listdir(state / "sessions") == [marker_name("claude_code", "c-1")]


@pytest.mark.parametrize("parent", [None, "p-1"])
def test_what_a_sub_agent_uses_marks_its_parents_session(state: Path, parent: str | None) -> None:
    """The parent's next prompt is the reaction. A parent that is null is none."""
    ids = json.dumps({"parent_conversation_id": parent, "conversation_id": "c-1"}).encode()
    assert silent(hook(state, "PreToolUse", use().replace(b"{", ids[:-1] + b",", 1)))
    assert os.listdir(state / "sessions") == [marker_name("claude_code", parent or "c-1")]


@pytest.mark.parametrize(
    "environ",
    [{"HIVEMIND_SKILLOPT_DISABLED": "1"}, {"HIVEMIND_SKILLOPT_DISABLED": "True"}, {"HIVEMIND_SKILLOPT_WORKER": "1"}],
)
@pytest.mark.parametrize("event", EVENTS)
def test_disabled_or_inside_a_worker_nothing_is_written(state: Path, event: str, environ: dict[str, str]) -> None:
    (state / "sessions").mkdir()
    (state / "sessions" / marker_name("claude_code", SESSION)).touch()
    assert silent(hook(state, event, use(), **environ))
    assert not (state / "inbox").exists()


@pytest.mark.parametrize("event", EVENTS)
def test_the_file_based_opt_out(state: Path, event: str) -> None:
    (state / "disabled").touch()
    assert silent(hook(state, event, use()))
    assert not (state / "inbox").exists()


def test_mode_off_records_session_starts_only(state: Path) -> None:
    assert silent(hook(state, "PreToolUse", use(), HIVEMIND_SKILLOPT_MODE="Off"))
    assert not (state / "inbox").exists()
    assert silent(hook(state, "SessionStart", payload("SessionStart"), HIVEMIND_SKILLOPT_MODE="off"))
    assert (state / "inbox").exists()


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_stdin_is_silent(state: Path, event: str, kind: str) -> None:
    """Recorded all the same where it may matter: what it is, the worker finds out."""
    data = HOSTILE[kind] + (b"deploy--alice" if event in ("PreToolUse", "UserPromptExpansion") else b"")
    (state / "sessions").mkdir()
    for name in ("claude_code-_", "claude_code-x", marker_name("claude_code", "../../../etc/passwd")):
        (state / "sessions" / name).touch()
    assert silent(hook(state, event, data))
    assert len(inbox(state).names()) == 1


def test_stdin_beyond_the_limit_is_not_read(state: Path) -> None:
    assert silent(hook(state, "PreToolUse", use() + b" " * (50 << 20)))
    (name,) = inbox(state).names()
    assert (state / "inbox" / name).stat().st_size < MAX_STDIN + 1000


def test_what_cannot_be_written_is_left_silently_and_logged(state: Path) -> None:
    (state / "inbox").write_text("a file where the folder should be")
    assert silent(hook(state, "PreToolUse", use()))
    (line,) = (state / "log.jsonl").read_text().splitlines()
    assert json.loads(line)["what"] == "hook_failed"


def test_a_failure_is_one_line_until_the_log_is_full(state: Path) -> None:
    (state / "inbox").write_text("a file where the folder should be")
    (state / "log.jsonl").touch()
    os.truncate(state / "log.jsonl", MAX_LOG - 1)
    sizes = [silent(hook(state, "PreToolUse", use())) and (state / "log.jsonl").stat().st_size for _ in range(2)]
    assert MAX_LOG < sizes[0] == sizes[1] < MAX_LOG + 200


def test_the_debug_variable_shows_the_failure(state: Path) -> None:
    (state / "inbox").write_text("a file where the folder should be")
    done = hook(state, "PreToolUse", use(), HIVEMIND_SKILLOPT_DEBUG="1")
    assert done.returncode == 1
    assert b"NotADirectoryError" in done.stderr


def test_a_session_id_cannot_leave_the_folder(state: Path) -> None:
    evil = use().replace(SESSION.encode(), b"../../x\\u0000/" + b"a" * 500)
    assert silent(hook(state, "PreToolUse", evil))
    (marker,) = os.listdir(state / "sessions")
    assert "/" not in marker
    assert len(marker) < 140


def loaded(state: Path, event: str, body: bytes) -> set[str]:
    """The modules that the recorder loads on top of a bare interpreter, with the worker's start left out."""
    code = (
        "import sys; before = set(sys.modules); sys.path.insert(0, sys.argv.pop(1))\n"
        "from hivemind_skillopt import launch; launch.start_worker = lambda *_: 0\n"
        "from hivemind_skillopt import recorder; recorder.main(sys.argv)\n"
        "sys.stdout.write(' '.join(set(sys.modules) - before))"
    )
    argv = [sys.executable, "-I", "-S", "-c", code, str(PACKAGE.parent), str(state), "claude_code", event]
    done = subprocess.run(argv, input=body, capture_output=True, check=True, timeout=30)
    return set(done.stdout.decode().split())


OS_AND_SYS = {"os", "posixpath", "genericpath", "stat", "_stat", "_collections_abc", "os.path"}
OURS = {"hivemind_skillopt", "hivemind_skillopt.launch", "hivemind_skillopt.recorder"}


@pytest.mark.parametrize("event", EVENTS)
def test_the_hot_path_loads_os_and_sys_only(state: Path, event: str) -> None:
    (state / "sessions").mkdir()
    (state / "sessions" / marker_name("claude_code", SESSION)).touch()
    assert loaded(state, event, use()) <= OS_AND_SYS | OURS


def test_a_relative_state_directory_is_not_taken_from_the_environment(state: Path) -> None:
    """It would be another folder in every project."""
    assert silent(hook(state, "PreToolUse", use(), HIVEMIND_SKILLOPT_STATE_DIR="~/elsewhere"))
    assert len(inbox(state).names()) == 1


def test_every_file_is_read_back(state: Path) -> None:
    for number in range(20):
        hook(state, "PreToolUse", use().replace(b"t1", b"t%d" % number))
    names = inbox(state).names()
    assert len(names) == 20
    items = [read_item(name, (state / "inbox" / name).read_bytes()) for name in names]
    assert [item.payload.count(b"t%d" % n) > 0 for n, item in enumerate(items)] == [True] * 20
