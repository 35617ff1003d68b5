"""Our extension of pi: what it records, and that pi never notices it."""

from __future__ import annotations

import json
import os
import re
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from hivemind_skillopt import recorder
from hivemind_skillopt.bundle import bundle_dir
from hivemind_skillopt.state.markers import marker_name
from tests.adapters.pi_bridge import SESSION, SKILL_FILE, Bridge, event, reading, start, typing
from tests.harness.world import wait_until

PUSHBACK = "no, that is wrong"


@pytest.fixture
def bridge(tmp_path: Path) -> Bridge:
    return Bridge(tmp_path)


def kinds(bridge: Bridge, *events: dict[str, Any]) -> list[str]:
    return [item.event for item in bridge.items(*events)]


def payloads(bridge: Bridge, *events: dict[str, Any]) -> list[dict[str, Any]]:
    return [json.loads(item.payload) for item in bridge.items(*events)]


@pytest.mark.parametrize("clock", ["", "1795000000000000000"])
def test_a_session_in_order(bridge: Bridge, clock: str) -> None:
    bridge.clock = clock
    typed = [typing(f"{PUSHBACK} {n}") for n in range(200)]
    items = bridge.items(start(), typing("please deploy"), reading(), *typed)
    assert [item.event for item in items] == ["SessionStart", "PreToolUse", *["UserPromptMention"] * 200]
    said = [json.loads(item.payload) for item in items]
    assert [payload.get("prompt") for payload in said[2:]] == [f"{PUSHBACK} {n}" for n in range(200)]
    assert len({payload["event_id"] for payload in said}) == len(said)


def test_it_carries_what_the_recorder_carries_and_says_yes_alike() -> None:
    """A bridge in another language has to repeat both."""
    source = (bundle_dir() / "adapters" / "pi" / "hivemind-skillopt.ts").read_text()
    found = {name: re.search(rf"const {name} = (\[[^\]]*\])", source) for name in ("CARRIED", "YES")}
    lists = {name: json.loads(re.sub(r",\s*\]", "]", match[1])) for name, match in found.items() if match}
    assert lists == {"CARRIED": [*recorder.CARRIED, "PI_CODING_AGENT_DIR"], "YES": [*recorder.YES]}


def test_it_counts_what_waits_as_the_recorder_does(bridge: Bridge) -> None:
    count = bridge.state / "inbox-blocks"
    three = kinds(bridge, start(), reading(), typing("x" * recorder.BLOCK))
    assert (len(three), count.read_text()) == (3, "....")
    count.write_bytes(b"." * recorder.MAX_WAITING)
    assert kinds(bridge, start(), reading(), typing(PUSHBACK)) == three, "and no more"


def test_what_a_file_says(bridge: Bridge) -> None:
    bridge.environ = {"PI_CODING_AGENT_DIR": "/a\\b\nc\r", "HIVEMIND_ORG_ID": "acme", "OTHER": "x"}
    (item,) = bridge.items(reading())
    assert (item.harness, item.event, item.generation) == ("pi", "PreToolUse", 7)
    assert item.carried == {"HOME": "/home/dev", "HIVEMIND_ORG_ID": "acme", "PI_CODING_AGENT_DIR": "/a\\b\nc\r"}
    assert abs(item.at - time.time_ns()) < 60 * 10**9
    payload = json.loads(item.payload)
    assert payload.pop("event_id")
    assert payload == {
        "session_id": SESSION,
        "transcript_path": "/home/dev/session.jsonl",
        "cwd": "/home/dev/project",
        "tool_name": "read",
        "tool_use_id": "call_1",
        "tool_input": {"path": SKILL_FILE},
    }


@pytest.mark.parametrize("there", [True, False])
def test_only_the_user_can_read_it(bridge: Bridge, there: bool) -> None:
    for folder in (bridge.state / "inbox", bridge.state / "sessions"):
        folder.chmod(0o700) if there else folder.rmdir()
    bridge.feed(reading())
    files = [*(bridge.state / "inbox").iterdir(), *(bridge.state / "sessions").iterdir()]
    assert [stat.S_IMODE(path.stat().st_mode) for path in files] == [0o600, 0o600]
    assert {stat.S_IMODE(path.parent.stat().st_mode) for path in files} == {0o700}


@pytest.mark.parametrize("session", [SESSION, "a b/../c", "\u00e9\u4e2d", "x" * 300, "..", 'quo"te'])
def test_the_marker_is_the_workers(bridge: Bridge, session: str) -> None:
    bridge.feed(reading(session=session))
    assert os.listdir(bridge.state / "sessions") == [marker_name("pi", session)]
    assert kinds(bridge, typing(PUSHBACK, session=session)) == ["PreToolUse", "UserPromptMention"]


@pytest.mark.parametrize(
    "nothing",
    [
        typing(PUSHBACK),
        typing("/skill:local-only now"),
        typing("/skill:deploy--alice-too now"),
        typing("use /skill:deploy--alice please"),
        typing("please read deploy--alice"),
        reading("/home/dev/.pi/agent/skills/local-only/SKILL.md"),
        event("tool_call", toolName="edit", toolCallId="c", input={"path": SKILL_FILE}),
        event("tool_call", toolName="write", toolCallId="c", input={"path": SKILL_FILE}),
        event("tool_call", toolName="bash", toolCallId="c", input={"command": "make test"}),
        event("tool_result", toolName="read", toolCallId="c", input={"path": SKILL_FILE}),
        event("user_bash", command=f"cat {SKILL_FILE}"),
        event("session_shutdown", reason="quit"),
    ],
)
def test_what_is_not_ours_leaves_nothing(bridge: Bridge, nothing: dict[str, Any]) -> None:
    assert kinds(bridge, nothing) == []
    assert (os.listdir(bridge.state / "sessions"), bridge.workers()) == ([], [])


def test_a_shell_that_names_the_skill_is_the_workers_business(bridge: Bridge) -> None:
    call = event("tool_call", toolName="bash", toolCallId="c", input={"command": f"cat {SKILL_FILE}", "timeout": 5})
    (payload,) = payloads(bridge, call)
    assert payload["tool_input"] == {"command": f"cat {SKILL_FILE}"}


def test_who_typed(bridge: Bridge) -> None:
    bridge.feed(reading())
    said = [typing(f"{PUSHBACK}: {source}", source=source) for source in ("interactive", "rpc", "extension")]
    assert [p["source"] for p in payloads(bridge, *said)[1:]] == ["interactive", "rpc"]


def test_a_pi_that_an_agents_shell_runs_hears_no_human(bridge: Bridge) -> None:
    bridge.environ = {"PI_SESSION_ID": "another"}
    assert kinds(bridge, start(), reading(), typing(PUSHBACK)) == ["SessionStart", "PreToolUse"]


@pytest.mark.parametrize(
    ("commands", "skill_file"),
    [
        ([{"source": "skill", "name": "skill:deploy--alice", "sourceInfo": {"path": SKILL_FILE}}], SKILL_FILE),
        ([{"source": "prompt", "name": "skill:deploy--alice"}], ""),
        (None, None),
    ],
)
def test_a_typed_skill(bridge: Bridge, commands: list[dict[str, Any]] | None, skill_file: str | None) -> None:
    bridge.commands = commands
    (payload,) = payloads(bridge, typing("/skill:deploy--alice to prod"))
    assert (payload["prompt"], payload.get("skill_file")) == ("/skill:deploy--alice to prod", skill_file)
    assert os.listdir(bridge.state / "sessions") == [marker_name("pi", SESSION)]


def test_the_worker_is_started_for_a_start_and_for_a_reaction_alone(bridge: Bridge) -> None:
    bridge.environ = {"HIVEMIND_ORG_ID": "acme"}
    bridge.feed(reading(), event("tool_call", toolName="bash", toolCallId="c", input={"command": "ls"}))
    assert bridge.workers() == []
    bridge.feed(start())
    wait_until(lambda: len(bridge.workers()) == 1, "the worker of the start")
    bridge.feed(typing(PUSHBACK))
    wait_until(lambda: len(bridge.workers()) == 2, "the worker of the reaction")
    for argv, environ in bridge.workers():
        assert argv == ["--worker", str(bridge.state)]
        assert (environ["HIVEMIND_SKILLOPT_WORKER"], environ["HIVEMIND_ORG_ID"]) == ("1", "acme")


def test_one_worker_for_what_comes_together(bridge: Bridge) -> None:
    """It is started a little later, when pi waits for its model, at the latest when pi ends."""
    bridge.feed(start(), reading(), typing(PUSHBACK), {**typing(PUSHBACK), "wait": 1000}, typing(PUSHBACK))
    wait_until(lambda: len(bridge.workers()) == 2, "two workers")


SILENCERS = [
    {"HIVEMIND_SKILLOPT_WORKER": "1"},
    {"HIVEMIND_SKILLOPT_WORKER": ""},
    {"HIVEMIND_SKILLOPT_DISABLED": "1"},
    {"HIVEMIND_SKILLOPT_DISABLED": " True "},
]


@pytest.mark.parametrize("environ", SILENCERS)
def test_it_can_be_silenced(bridge: Bridge, environ: dict[str, str]) -> None:
    bridge.environ = environ
    assert kinds(bridge, start(), reading(), typing(PUSHBACK)) == []


def test_mode_off_leaves_the_attribution(bridge: Bridge) -> None:
    bridge.environ = {"HIVEMIND_SKILLOPT_MODE": " OFF"}
    assert kinds(bridge, start(), reading(), typing(PUSHBACK)) == ["SessionStart"]


@pytest.mark.parametrize(("pause", "heard"), [("", 0), ("for ever", 0), ("9" * 19, 0), ("1700000000000000000", 1)])
def test_a_pause(bridge: Bridge, pause: str, heard: int) -> None:
    (bridge.state / "disabled").write_text(pause)
    assert len(bridge.items(reading())) == heard


def test_the_state_directory_of_the_environment_wins(bridge: Bridge, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "inbox").mkdir(parents=True)
    bridge.environ = {"HIVEMIND_SKILLOPT_STATE_DIR": str(other)}
    assert kinds(bridge, start()) == []
    assert len(os.listdir(other / "inbox")) == 1
    bridge.environ = {"HIVEMIND_SKILLOPT_STATE_DIR": "relative"}
    assert kinds(bridge, start()) == ["SessionStart"]


@pytest.mark.parametrize("gone", ["launcher", "python"])
def test_an_environment_that_vanished(bridge: Bridge, gone: str) -> None:
    bridge.render({**bridge.paths, gone: "/nonexistent/bin/it"})
    assert kinds(bridge, start(), reading(), typing(PUSHBACK)) == []


def test_a_worker_that_cannot_be_started(bridge: Bridge) -> None:
    """A script without an interpreter: the failure comes as an event, later."""
    broken = bridge.root / "python"
    broken.write_text("#!/nonexistent/interpreter\n")
    broken.chmod(0o700)
    bridge.render({**bridge.paths, "python": str(broken)})
    assert kinds(bridge, start(), {**start(), "wait": 1000}) == ["SessionStart"] * 2


def test_as_it_lies_in_the_package_it_does_nothing(bridge: Bridge) -> None:
    bridge.file.write_text((bundle_dir() / "adapters" / "pi" / bridge.file.name).read_text())
    assert kinds(bridge, start(), reading()) == []


BROKEN = [
    {"name": "tool_call", "event": None, "ctx": None},
    {"name": "tool_call", "event": {}, "ctx": None},
    {"name": "tool_call", "event": {"toolName": "read", "input": None}, "ctx": None},
    {"name": "tool_call", "event": {"toolName": "read", "input": {"path": [1], "offset": {}}}, "ctx": None},
    {"name": "tool_call", "event": reading()["event"], "ctx": {"stale": True}},
    {"name": "input", "event": {"text": 5}, "ctx": None},
    {"name": "input", "event": typing(PUSHBACK)["event"], "ctx": {"stale": True}},
    {"name": "session_start", "event": None, "ctx": {}},
    {"name": "session_start", "event": {}, "ctx": {"stale": True}},
]


def test_whatever_comes_nothing_is_thrown(bridge: Bridge) -> None:
    assert kinds(bridge, *BROKEN) == []
    log = [json.loads(line) for line in (bridge.state / "log.jsonl").read_text().splitlines()]
    assert {entry["what"] for entry in log} == {"hook_failed"}
    assert all(isinstance(entry["at"], int) for entry in log)
    os.truncate(bridge.state / "log.jsonl", recorder.MAX_LOG)
    assert kinds(bridge, *BROKEN) == []
    assert (bridge.state / "log.jsonl").stat().st_size == recorder.MAX_LOG


def test_numbers_and_texts_that_are_none_are_left_out(bridge: Bridge) -> None:
    given = {"path": SKILL_FILE, "offset": "7", "limit": 1.5, "command": {}}
    (payload,) = payloads(bridge, event("tool_call", toolName="read", toolCallId=9, input=given))
    assert payload["tool_input"] == {"path": SKILL_FILE}
    assert "tool_use_id" not in payload


def test_half_a_character_and_a_book_are_recorded(bridge: Bridge) -> None:
    bridge.feed(reading())
    (_, odd, book) = payloads(bridge, typing("no \ud83d wrong"), typing("\u0000" * 3_000_000))
    assert odd["prompt"] == "no \ufffd wrong"
    assert len(book["prompt"]) == 1 << 18


def test_a_state_directory_that_cannot_be_written(bridge: Bridge) -> None:
    for folder in (bridge.state, bridge.state / "inbox"):
        folder.chmod(0o500)
    bridge.feed(start(), reading(), typing("/skill:deploy--alice"))
    for folder in (bridge.state, bridge.state / "inbox"):
        folder.chmod(0o700)
    assert bridge.inbox() == []


def test_a_state_directory_that_is_gone_stays_gone(bridge: Bridge) -> None:
    bridge.state.rename(bridge.root / "elsewhere")
    bridge.feed(start(), reading(), typing("/skill:deploy--alice"))
    assert not bridge.state.exists()


def test_of_two_copies_in_one_session_one_speaks(bridge: Bridge) -> None:
    copy = bridge.root / "copy.ts"
    copy.write_text(bridge.file.read_text())
    bridge.loads = [{"file": str(bridge.file)}, {"file": str(copy)}]
    assert kinds(bridge, start(), reading(), typing(PUSHBACK)) == ["SessionStart", "PreToolUse", "UserPromptMention"]


def test_a_new_session_in_the_same_process(bridge: Bridge) -> None:
    """pi loads the file again; the old one hears nothing any more."""
    bridge.loads = [{"file": str(bridge.file), "session": "one"}]
    again = {**start("new", "two"), "load": {"file": str(bridge.file), "session": "two"}}
    found = payloads(bridge, start(session="one"), reading(session="one"), again, reading(session="two"))
    assert [payload["session_id"] for payload in found] == ["one", "one", "two", "two"]


def test_a_session_inside_another_one_does_not_silence_it(bridge: Bridge) -> None:
    """An extension may run a session of its own in the same process."""
    bridge.loads = [{"file": str(bridge.file), "session": "outer"}]
    inner = {**start(session="inner"), "load": {"file": str(bridge.file), "session": "inner"}}
    found = payloads(bridge, start(session="outer"), inner, reading(session="inner"), reading(session="outer"))
    assert [payload["session_id"] for payload in found] == ["outer", "inner", "inner", "outer"]
