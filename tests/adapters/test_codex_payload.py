"""Recorded Codex payloads to events: what arms, what reacts, and what must do neither."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hivemind_skillopt.adapters.codex.payload import read_events
from hivemind_skillopt.adapters.shell_reads import MAX_READS
from hivemind_skillopt.errors import PayloadUnreadable
from hivemind_skillopt.events import Event, InboxItem, PreToolUse, SessionStart, UserPromptSubmit
from hivemind_skillopt.model import Provenance

PAYLOADS = Path(__file__).parent.parent / "payloads" / "codex"
SKILLS = "/home/dev/.agents/skills"

ARMS = {
    "pre_tool_use.skill_read.json": ["deploy--alice"],
    "pre_tool_use.codemode_skill_read.json": ["deploy--alice"],
    "pre_tool_use.workdir_skill_read.json": ["deploy--alice"],
    "pre_tool_use.two_skills_one_call.json": ["deploy--alice", "review--bob"],
}
STARTS = ("startup", "resume", "clear", "compact", "fork")
REACTS = (
    "user_prompt_submit.json",
    "user_prompt_submit.reaction.json",
    "user_prompt_submit.steer_same_turn.json",
    "user_prompt_submit.ephemeral_null_transcript.json",
)
MENTION = "user_prompt_submit.skill_mention.json"


def item(payload: bytes, name: str = "1-a") -> InboxItem:
    return InboxItem(name, 5, "codex", "", 3, {"HOME": "/home/dev"}, payload)


def read(name: str) -> list[Event]:
    return [seen.event for seen in read_events(item((PAYLOADS / name).read_bytes()), "/home/dev/.codex")]


def prompted(text: str, **fields: str) -> list[Event]:
    payload = {"session_id": "s", "turn_id": "t", "hook_event_name": "UserPromptSubmit", "prompt": text, **fields}
    return [seen.event for seen in read_events(item(json.dumps(payload).encode()), "/h")]


def prompt(text: str, **fields: str) -> UserPromptSubmit:
    *_, last = prompted(text, **fields)
    assert isinstance(last, UserPromptSubmit)
    return last


@pytest.mark.parametrize("name", ARMS)
def test_what_arms(name: str) -> None:
    uses = [event for event in read(name) if isinstance(event, PreToolUse)]
    recorded = json.loads((PAYLOADS / name).read_text())
    assert [(use.skill, use.folder) for use in uses] == [(skill, f"{SKILLS}/{skill}") for skill in ARMS[name]]
    assert {use.provenance for use in uses} == {Provenance.PATH}
    assert {(use.tool_use_id, use.origin.session_id) for use in uses} == {
        (recorded["tool_use_id"], recorded["session_id"])
    }
    assert {use.origin.project for use in uses} == {"" if "workdir" in name else "project"}


def test_near_misses_never_arm() -> None:
    lines = (PAYLOADS / "pre_tool_use.near_misses.jsonl").read_bytes().splitlines()
    assert len(lines) == 11
    assert [read_events(item(line), "/home/dev/.codex") for line in lines] == [[]] * 11


def test_each_skill_of_a_command_is_an_event_of_its_own() -> None:
    payload = (PAYLOADS / "pre_tool_use.two_skills_one_call.json").read_bytes()
    ids = [seen.id for seen in read_events(item(payload), "/h")]
    assert len(set(ids)) == 2
    assert [seen.id for seen in read_events(item(payload, "2-b"), "/h")] == ids, "recorded twice, it is the same"


@pytest.mark.parametrize("source", STARTS)
def test_what_starts_a_session(source: str) -> None:
    (event,) = read(f"session_start.{source}.json")
    assert isinstance(event, SessionStart)
    assert (event.source, event.origin.project) == (source, "project")


@pytest.mark.parametrize("name", REACTS)
def test_what_may_be_a_reaction(name: str) -> None:
    (event,) = read(name)
    assert isinstance(event, UserPromptSubmit)
    assert (event.text, event.words) == (event.words, event.text)
    assert not event.only_invokes


def test_every_other_payload_is_no_event() -> None:
    known = {*ARMS, *REACTS, MENTION, *(f"session_start.{source}.json" for source in STARTS)}
    others = [path.name for path in PAYLOADS.glob("*.json") if path.name not in known]
    others = [name for name in others if not name.startswith(("app_server", "hooks."))]
    assert len(others) >= 12
    assert {name: read(name) for name in others} == {name: [] for name in others}


def test_a_mention_uses_the_skill_before_its_prompt_comes() -> None:
    use, submitted = read(MENTION)
    assert isinstance(use, PreToolUse)
    assert isinstance(submitted, UserPromptSubmit)
    assert (use.skill, use.provenance, use.folder, use.tool_use_id) == ("deploy--alice", Provenance.SLASH, "", "")
    assert use.prompt_id == submitted.prompt_id != ""
    assert (submitted.words, submitted.only_invokes) == ("use  for this service", False)


MENTIONS = {
    "$deploy--alice": ["deploy--alice"],
    "use `$deploy--alice`, please": ["deploy--alice"],
    "\\$deploy--alice's steps": ["deploy--alice"],
    "[$deploy--alice](/home/dev/.agents/skills/deploy--alice/SKILL.md)": ["deploy--alice"],
    "$plugin:deploy--alice": ["deploy--alice"],
    "$deploy--alice.": ["deploy--alice"],
    "$deploy--alice and $review--bob, then $deploy--alice": ["deploy--alice", "review--bob"],
    "$deploy--alice-2": ["deploy--alice-2"],
    "$Deploy--Alice": [],
    "$deploy--aliceX": [],
    "$deploy--alice_x": [],
    "$deploy--alice-": [],
    "x$deploy--alice": [],
    "@deploy--alice": [],
    "/deploy--alice": [],
    "deploy--alice": [],
    "$HOME and $deploy": [],
    "": [],
}


@pytest.mark.parametrize("text", MENTIONS)
def test_what_is_a_mention(text: str) -> None:
    assert [event.skill for event in prompted(text) if isinstance(event, PreToolUse)] == MENTIONS[text]


@pytest.mark.parametrize(
    ("text", "words", "only_invokes"),
    [
        ("$deploy--alice", "", True),
        ("`$deploy--alice`!", "``!", True),
        ("[$deploy--alice](/x/SKILL.md)", "", True),
        ("$deploy--alice no, not production", "no, not production", False),
        ("$HOME is wrong", "$HOME is wrong", False),
        ("", "", False),
    ],
)
def test_the_words_beside_a_mention(text: str, words: str, only_invokes: bool) -> None:
    event = prompt(text)
    assert (event.words, event.only_invokes) == (words, only_invokes)


def test_a_message_typed_while_the_turn_runs_is_another_reaction() -> None:
    first, steer = prompt("deploy"), prompt("no, not there")
    assert first.reaction_id != steer.reaction_id
    assert first.prompt_id != steer.prompt_id
    assert prompt("deploy").reaction_id == first.reaction_id
    assert prompt("deploy", turn_id="t2").reaction_id != first.reaction_id


def test_a_sub_agents_task_is_no_reaction_and_its_command_arms_the_parent() -> None:
    assert prompted("use $deploy--alice", agent_id="a1") == []
    payload = json.loads((PAYLOADS / "pre_tool_use.skill_read.json").read_bytes()) | {"agent_id": "a1"}
    (seen,) = read_events(item(json.dumps(payload).encode()), "/h")
    assert isinstance(seen.event, PreToolUse)
    assert (seen.event.agent_id, seen.event.origin.session_id) == ("a1", payload["session_id"])


def test_the_recorders_name_of_the_event_counts_where_the_payload_has_none() -> None:
    found = InboxItem("1-a", 5, "codex", "UserPromptMention", 3, {}, b'{"session_id": "s", "prompt": "no"}')
    (seen,) = read_events(found, "/h")
    assert isinstance(seen.event, UserPromptSubmit)
    assert "1-a" in seen.event.prompt_id, "no turn: the file's name tells prompts apart"


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b'{"session_id": ""}', b'{"session_id": 5}', b"\xff\xfe"])
def test_what_is_no_payload(data: bytes) -> None:
    with pytest.raises(PayloadUnreadable):
        read_events(item(data), "/h")


def test_a_prompt_uses_only_so_many_skills() -> None:
    text = " ".join(f"$a{number}--b" for number in range(1000))
    assert len(prompted(text)) == MAX_READS + 1
    assert f"$a{MAX_READS}--b" in prompt(text).words
