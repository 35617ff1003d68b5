"""Recorded Claude Code payloads to events: what arms, what reacts, and what must do neither."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hivemind_skillopt.adapters.claude_code.adapter import ClaudeCode
from hivemind_skillopt.adapters.claude_code.payload import folder_name
from hivemind_skillopt.errors import PayloadUnreadable
from hivemind_skillopt.events import Event, InboxItem, PreToolUse, SessionStart, UserPromptSubmit
from tests.adapters.events import one_event

PAYLOADS = Path(__file__).parent.parent / "payloads" / "claude_code"

ARMS = {
    "PreToolUse.Skill.json": ("deploy--alice", "tool"),
    "PreToolUse.Skill.leading-slash.json": ("deploy--alice", "tool"),
    "PreToolUse.Skill.plugin.json": ("deploy--alice", "tool"),
    "PreToolUse.Skill.subagent.json": ("deploy--alice", "tool"),
    "UserPromptExpansion.slash.json": ("deploy--alice", "slash"),
    "UserPromptExpansion.plugin.json": ("deploy--alice", "slash"),
}
STARTS = {
    "SessionStart.startup.json": "startup",
    "SessionStart.startup.headless.json": "startup",
    "SessionStart.resume.json": "resume",
    "SessionStart.clear.json": "clear",
    "SessionStart.compact.json": "compact",
}
REACTS = {
    "UserPromptSubmit.json": False,
    "UserPromptSubmit.reaction.json": False,
    "UserPromptSubmit.slash.json": False,
}
RESULTS_AND_ENVIRONMENT = ("result.", "hook-env")


def item(payload: bytes, event: str = "", **carried: str) -> InboxItem:
    return InboxItem("1-a", 5, "claude_code", event, 3, {"HOME": "/home/dev", **carried}, payload)


def read(name: str) -> Event | None:
    seen = one_event(ClaudeCode(), item((PAYLOADS / name).read_bytes()))
    return seen.event if seen else None


@pytest.mark.parametrize("name", ARMS)
def test_what_arms(name: str) -> None:
    event = read(name)
    assert isinstance(event, PreToolUse)
    assert (event.skill, event.provenance) == ARMS[name]
    assert event.prompt_id
    assert event.origin.home == "/home/dev/.claude"
    assert event.origin.project == "project"


@pytest.mark.parametrize("name", STARTS)
def test_what_starts_a_session(name: str) -> None:
    event = read(name)
    assert isinstance(event, SessionStart)
    assert event.source == STARTS[name]


@pytest.mark.parametrize("name", REACTS)
def test_what_may_be_a_reaction(name: str) -> None:
    event = read(name)
    assert isinstance(event, UserPromptSubmit)
    assert event.text
    assert event.only_invokes is REACTS[name]


def test_every_other_payload_is_no_event() -> None:
    known = {*ARMS, *STARTS, *REACTS}
    others = [path.name for path in PAYLOADS.glob("*.json") if path.name not in known]
    others = [name for name in others if not name.startswith(RESULTS_AND_ENVIRONMENT)]
    assert len(others) >= 20
    assert {name: read(name) for name in others} == dict.fromkeys(others)


def test_a_whole_session_in_order() -> None:
    """Three prompts, two of them in resumed sessions."""
    lines = (PAYLOADS / "session.jsonl").read_bytes().splitlines()
    seen = [one.event for one in (one_event(ClaudeCode(), item(line)) for line in lines) if one]
    prompted = [SessionStart, UserPromptSubmit]
    assert [type(event) for event in seen] == [*prompted, PreToolUse, *prompted, *prompted]
    assert len({event.origin.session_id for event in seen}) == 1
    assert [event.source for event in seen if isinstance(event, SessionStart)] == ["startup", "resume", "resume"]


def test_every_hook_is_told_the_same_home() -> None:
    """Headless or not, from the settings or from a plugin."""
    recorded = json.loads((PAYLOADS / "hook-env.json").read_text())
    environs = [environ for name, told in recorded.items() if name != "note" for environ in told.values()]
    assert len(environs) == 5
    assert {ClaudeCode().home(environ) for environ in environs} == {Path("/home/dev/.claude")}


def test_the_sub_agents_call_belongs_to_the_parent_session() -> None:
    event = read("PreToolUse.Skill.subagent.json")
    assert isinstance(event, PreToolUse)
    assert (event.origin.session_id, event.agent_id) == ("b316d629-2ac4-4844-b42e-8c2bd3056ad5", "af4de61ccd15a24a9")


@pytest.mark.parametrize(
    ("written", "folder"),
    [
        ("deploy--alice", "deploy--alice"),
        ("/deploy--alice", "deploy--alice"),
        ("plugin:deploy--alice", "deploy--alice"),
        (" /plugin:deploy--alice ", "deploy--alice"),
        ("", ""),
    ],
)
def test_what_the_model_wrote_is_normalised(written: str, folder: str) -> None:
    assert folder_name(written) == folder


def prompt(text: str) -> UserPromptSubmit | None:
    fields = {"session_id": "s", "prompt_id": "p", "hook_event_name": "UserPromptSubmit", "prompt": text}
    seen = one_event(ClaudeCode(), item(json.dumps(fields).encode()))
    event = seen.event if seen else None
    assert event is None or isinstance(event, UserPromptSubmit)
    return event


@pytest.mark.parametrize(
    "text",
    [
        "<task-notification>\n<task-id>x",
        "  <task-notification>",
        "<bash-input>ls",
        "<command-name>/x",
        "<local-command-",
    ],
)
def test_synthetic_prompts_are_no_reaction(text: str) -> None:
    assert prompt(text) is None


@pytest.mark.parametrize(
    ("text", "words", "only_invokes"),
    [
        ("/deploy--alice", "", True),
        ("/deploy--alice no, not production", "no, not production", False),
        ("no, not production", "no, not production", False),
        ("", "", False),
    ],
)
def test_the_words_beside_a_mention(text: str, words: str, only_invokes: bool) -> None:
    event = prompt(text)
    assert event is not None
    assert (event.words, event.only_invokes) == (words, only_invokes)


def test_the_same_event_recorded_twice_has_one_id() -> None:
    data = (PAYLOADS / "PreToolUse.Skill.json").read_bytes()
    first, second = (one_event(ClaudeCode(), InboxItem(i, 5, "claude_code", "", 3, {}, data)) for i in ("1-a", "2-b"))
    assert first is not None
    assert second is not None
    assert first.id == second.id


@pytest.mark.parametrize("data", [b"", b"null", b"[]", b"{", b"\x00\xff", b'{"session_id": ""}', b'{"session_id": {}}'])
def test_broken_payloads_are_refused(data: bytes) -> None:
    with pytest.raises(PayloadUnreadable):
        one_event(ClaudeCode(), item(data, "PreToolUse"))


def test_a_bom_is_no_reason_to_fail() -> None:
    data = b"\xef\xbb\xbf" + (PAYLOADS / "PreToolUse.Skill.json").read_bytes()
    assert one_event(ClaudeCode(), item(data)) is not None


def test_the_home_is_the_one_of_the_moment() -> None:
    data = (PAYLOADS / "SessionStart.startup.json").read_bytes()
    seen = one_event(ClaudeCode(), item(data, CLAUDE_CONFIG_DIR="/other/claude"))
    assert seen is not None
    assert seen.event.origin.home == "/other/claude"
