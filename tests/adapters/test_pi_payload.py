"""Recorded pi events, through our extension and the adapter: what arms, what reacts, and what must do neither."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hivemind_skillopt.adapters.pi.adapter import Pi
from hivemind_skillopt.adapters.pi.payload import as_typed, resolved
from hivemind_skillopt.errors import PayloadUnreadable
from hivemind_skillopt.events import Event, InboxItem, PreToolUse, SessionStart, UserPromptSubmit
from tests.adapters.pi_bridge import SKILL_FILE, Bridge, recorded

PAYLOADS = Path(__file__).parent.parent / "payloads" / "pi"
FOLDER = "/home/dev/.pi/agent/skills/deploy--alice"
NAMES = {"SessionStart": "SessionStart", "PreToolUse": "PreToolUse", "UserPromptSubmit": "UserPromptMention"}

RECORDED = {
    "session_start_startup.json": ("startup",),
    "session_start_new.json": ("new",),
    "tool_call_read_skill.json": (("deploy--alice", "path", FOLDER),),
    "input_skill_command.json": (("deploy--alice", "slash", ""), "to prod now"),
    "input.json": ("please deploy the service",),
    "input_streaming.json": ("steer while busy",),
    "input_template.json": ("/hi bob",),
}
"""What becomes of each recorded event in a session that has used a skill; of all others nothing."""


def told(event: Event) -> object:
    """An event in short."""
    match event:
        case SessionStart():
            return event.source
        case PreToolUse():
            return event.skill, str(event.provenance), event.folder
        case UserPromptSubmit():
            return event.words


def item(payload: dict[str, Any] | bytes, event: str = "PreToolUse", **carried: str) -> InboxItem:
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return InboxItem("1-a", 5, "pi", event, 3, {"HOME": "/home/dev", **carried}, data)


def events(payload: dict[str, Any], event: str) -> list[Event]:
    return [seen.event for seen in Pi().events(item(payload, event))]


@pytest.mark.parametrize("version", ["0.74.2", "1.5.2"])
def test_every_recorded_event(tmp_path: Path, version: str) -> None:
    bridge = Bridge(tmp_path)
    paths = sorted((PAYLOADS / f"events-{version}").glob("*.json"))
    assert {path.name for path in paths} > RECORDED.keys()
    calls = [recorded(path) for path in paths]
    for call in calls:
        (bridge.state / "sessions" / f"pi-{call['ctx']['session']}").touch()
    seen = [event for one in bridge.items(*calls) for event in Pi().events(one)]
    assert [told(one.event) for one in seen] == [what for path in paths for what in RECORDED.get(path.name, ())]
    assert len({one.id for one in seen}) == len(seen)
    assert {one.event.origin.project for one in seen} == {"project"}


def test_the_session_of_a_tui() -> None:
    for version in ("0.74.2", "1.5.2"):
        lines = (PAYLOADS / f"hook-payloads-tui-{version}.jsonl").read_text().splitlines()
        payloads = [json.loads(line) for line in lines]
        seen = [told(event) for p in payloads for event in events(p, NAMES[p["hook_event_name"]])]
        assert seen == [
            "startup",
            "please deploy the service",
            ("deploy--alice", "path", FOLDER),
            ("deploy--alice", "slash", ""),
            "to prod",
            "slow one",
            "steer busy",
            "new",
            "after new",
            "last words",
        ]


def test_what_only_looks_like_a_use() -> None:
    lines = (PAYLOADS / "hook-payloads-false-positives-1.5.2.jsonl").read_text().splitlines()
    calls = {p.get("tool_use_id", ""): p for p in map(json.loads, lines)}
    found = {name: [told(event) for event in events(p, "PreToolUse")] for name, p in calls.items() if name}
    use = ("deploy--alice", "path", FOLDER)
    assert found == {
        "c_tilde": [use],
        "c_at": [use],
        "c_bash": [use],
        "c_offset": [],
        "c_edit": [],
        "c_enoent": [("gone--bob", "path", "/home/dev/.pi/agent/skills/gone--bob")],  # not in the manifest
        "c_blocked": [("notes", "path", "/home/dev/.agents/skills/notes")],  # the same
    }


def reading(path: str, **more: object) -> list[object]:
    call = {"tool_name": "read", "tool_use_id": "c", "tool_input": {"path": path, **more}}
    payload = {"session_id": "s", "cwd": "/home/dev/project", **call}
    return [told(event) for event in events(payload, "PreToolUse")]


@pytest.mark.parametrize(
    "path", [SKILL_FILE, "../.pi/agent/skills/deploy--alice/SKILL.md", f"@{SKILL_FILE}", f"{FOLDER}/./x/../SKILL.md"]
)
def test_ways_to_name_the_file(path: str) -> None:
    assert reading(path) == [("deploy--alice", "path", FOLDER)]


@pytest.mark.parametrize("path", ["", "/", f"{FOLDER}/reference.md", FOLDER, f"{SKILL_FILE}.bak", "x\0/y"])
def test_other_files_are_no_use(path: str) -> None:
    assert reading(path) == []


def test_going_on_reading_is_no_second_use() -> None:
    assert reading(SKILL_FILE, offset=2, limit=9) == []
    assert reading(SKILL_FILE, offset=1) == reading(SKILL_FILE, limit=5) == reading(SKILL_FILE)


def test_paths_as_pi_resolves_them() -> None:
    assert resolved("~", "/cwd", "/home/dev") == "/home/dev"
    assert resolved("~/a\u202fb", "/cwd", "/home/dev") == "/home/dev/a b"
    assert resolved("~other/x", "/cwd", "/home/dev") == "/cwd/~other/x"


def prompt(text: str, **more: object) -> list[Event]:
    return events({"session_id": "s", "event_id": "e1", "prompt": text, **more}, "UserPromptMention")


def test_a_typed_skill_is_used_and_its_words_are_a_reaction() -> None:
    use, reaction = prompt("/skill:deploy--alice no, not production", skill_file=SKILL_FILE)
    assert isinstance(use, PreToolUse)
    assert isinstance(reaction, UserPromptSubmit)
    assert (use.skill, use.folder, use.prompt_id, use.tool_use_id) == ("deploy--alice", FOLDER, "e1", "")
    assert (reaction.words, reaction.only_invokes) == ("no, not production", False)
    assert use.prompt_id == reaction.prompt_id


def test_a_typed_skill_without_words_is_no_reaction() -> None:
    _, reaction = prompt("/skill:deploy--alice  ")
    assert isinstance(reaction, UserPromptSubmit)
    assert (reaction.words, reaction.only_invokes) == ("", True)


def test_a_skill_that_pi_does_not_have_is_not_used() -> None:
    assert [type(event) for event in prompt("/skill:deploy--alice now", skill_file="")] == [UserPromptSubmit]


def test_each_prompt_is_a_reaction_of_its_own() -> None:
    ids = [
        event.reaction_id
        for number in "12"
        for event in events({"session_id": "s", "event_id": number, "prompt": "no"}, "UserPromptMention")
        if isinstance(event, UserPromptSubmit)
    ]
    assert len(set(ids)) == 2


def test_an_attached_file_was_not_typed() -> None:
    """It may hold the mark of its own end, or say nothing (an image)."""
    book = f'<file name="/x/a.md">\nno, wrong\n</file>\n<file name="{SKILL_FILE}">\n</file> x\n</file>\n'
    assert as_typed(f"{book}please do") == "please do"
    assert as_typed(f'{book}<file name="/x/b.png"></file>\nplease\ndo\n') == "please\ndo"
    assert prompt(book) == []


@pytest.mark.parametrize(
    "words",
    [
        "please see <file> and </file>",
        'You broke this again:\n<file name="a.txt">x</file>',
        'You broke this again:\n<file name="a.txt">\nx\n</file>\nno, wrong',
        '<file name="a.txt">x</file> is what I wanted',
        '<file name="a.txt"> is never closed',
    ],
)
def test_a_tag_that_was_typed_stays(words: str) -> None:
    assert as_typed(f"{words}\n") == words


def test_a_tag_within_a_line_stays_after_an_attached_file() -> None:
    words = 'not <file name="a.txt">x</file> but <file>y</file>'
    assert as_typed(f'<file name="/x/a.md">\nattached\n</file>\n{words}') == words


def test_what_a_pipe_gave_cannot_be_told_from_words() -> None:
    """As pi joins them (seen with 0.74.2 and 0.87.1): nothing says where the pipe's text ends."""
    assert as_typed("pipedplease do") == "pipedplease do"
    attached = 'piped<file name="/x/a.md">\nattached\n</file>\nplease do'
    assert as_typed(attached) == attached


def test_the_same_event_recorded_twice_has_one_id() -> None:
    payload = json.dumps({"session_id": "s", "event_id": "e", "prompt": "/skill:a--b no"}).encode()
    items = [InboxItem(one, 5, "pi", "UserPromptMention", 3, {}, payload) for one in ("1-a", "2-b")]
    first, second = ([seen.id for seen in Pi().events(one)] for one in items)
    assert first == second
    assert len(set(first)) == 2


def test_one_call_that_two_copies_recorded_is_one() -> None:
    call = {"session_id": "s", "tool_name": "read", "tool_use_id": "c", "tool_input": {"path": SKILL_FILE}}
    items = [replace(item({**call, "event_id": one}), id=one, at=int(one)) for one in "12"]
    ids = {seen.id for one in items for seen in Pi().events(one)}
    assert len(ids) == 1


@pytest.mark.parametrize("data", [b"", b"null", b"[]", b"{", b"\x00\xff", b'{"session_id": ""}', b'{"session_id": {}}'])
def test_broken_payloads_are_refused(data: bytes) -> None:
    with pytest.raises(PayloadUnreadable):
        Pi().events(item(data))


def test_an_event_that_we_do_not_know_is_none() -> None:
    assert Pi().events(item({"session_id": "s"}, "SessionEnd")) == []


@pytest.mark.parametrize(
    ("chosen", "home"),
    [("", "/home/dev/.pi/agent"), ("/other", "/other"), ("~/pi", "/home/dev/pi"), ("~", "/home/dev")],
)
def test_the_home_is_the_one_of_the_moment(chosen: str, home: str) -> None:
    (seen,) = Pi().events(item({"session_id": "s"}, "SessionStart", PI_CODING_AGENT_DIR=chosen))
    assert seen.event.origin.home == home
