"""Cursor's documented payloads to events: what arms, what reacts, and what must do neither."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hivemind_skillopt.adapters.claude_code import ClaudeCode
from hivemind_skillopt.adapters.cursor import Cursor
from hivemind_skillopt.errors import PayloadUnreadable
from hivemind_skillopt.events import InboxItem, PreToolUse, SeenEvent, SessionStart, UserPromptSubmit

PAYLOADS = Path(__file__).parent.parent / "payloads" / "cursor"
CONVERSATION = "7a6d1f1e-5c1b-4f0e-9c1a-2b6f0f3f9a10"
CLAUDE_SKILL = "/home/dev/.claude/skills/deploy--alice"

ARMS = {
    "pre_tool_use_read_org_skill.json": CLAUDE_SKILL,
    "pre_tool_use_read_org_skill_bom.json": CLAUDE_SKILL,
    "pre_tool_use_read_org_skill_legacy_path.json": CLAUDE_SKILL,
    "pre_tool_use_read_org_skill_nested.json": "/home/dev/project/.cursor/skills/shipping/deploy--alice",
    "pre_tool_use_shell_org_skill.json": "/home/dev/.agents/skills/deploy--alice",
    "third_party_claude_entry_pre_tool_use.json": CLAUDE_SKILL,
}
"""And where the skill was read: whether that is the org skill the manifest says (tests/worker/test_cursor.py)."""

ARMS_NOTHING_PULLED = {"pre_tool_use_read_local_skill.json": "deploy--blue-green"}
"""A skill by its looks; the manifest does not know it."""

STARTS = ("session_start.json", "session_start_minimal.json", "session_start_background.json")
REACTS = ("before_submit_prompt_first.json", "before_submit_prompt_reaction.json")
"""To windows that are open; the first prompt of a session meets none."""

SLASH = "before_submit_prompt_slash_skill.json"
NOT_PAYLOADS = ("hooks.user.", "scorer_result")


def item(payload: bytes, event: str = "", harness: str = "cursor") -> InboxItem:
    return InboxItem("1-a", 5, harness, event, 3, {"HOME": "/home/dev"}, payload)


def seen(payload: bytes, event: str = "") -> list[SeenEvent]:
    return list(Cursor().events(item(payload, event)))


def told(name: str, **changed: object) -> list[object]:
    """The events of a fixture, with some fields changed."""
    data = (PAYLOADS / name).read_bytes()
    if changed:
        data = json.dumps({**json.loads(data.decode("utf-8-sig")), **changed}).encode()
    return [one.event for one in seen(data)]


def use(name: str, **changed: object) -> PreToolUse:
    (event,) = told(name, **changed)
    assert isinstance(event, PreToolUse)
    return event


@pytest.mark.parametrize("name", ARMS)
def test_what_arms(name: str) -> None:
    event = use(name)
    assert (event.skill, event.folder, event.provenance) == ("deploy--alice", ARMS[name], "path")
    assert (event.origin.harness, event.origin.home) == ("cursor", "/home/dev/.cursor")
    assert (event.origin.session_id, event.origin.project) == (CONVERSATION, "project")
    assert event.tool_use_id.startswith("tool_0a1b2c3d-")
    assert event.prompt_id == "c1d8a0f2-0e0b-4b57-8a5e-6f6c1d2e3a41", "its own prompt is no reaction to it"


@pytest.mark.parametrize("name", ARMS_NOTHING_PULLED)
def test_a_look_alike_is_named_for_the_manifest_to_decide(name: str) -> None:
    assert use(name).skill == ARMS_NOTHING_PULLED[name]


@pytest.mark.parametrize("name", STARTS)
def test_what_starts_a_session(name: str) -> None:
    (event,) = told(name)
    assert isinstance(event, SessionStart)
    assert (event.origin.session_id, event.origin.cwd) == (CONVERSATION, "/home/dev/project")


@pytest.mark.parametrize("name", REACTS)
def test_what_may_be_a_reaction(name: str) -> None:
    (event,) = told(name)
    assert isinstance(event, UserPromptSubmit)
    assert event.text == event.words
    assert not event.only_invokes


def test_a_typed_skill_is_used_and_its_words_react_to_what_was_before() -> None:
    used, said = told(SLASH)
    assert isinstance(said, UserPromptSubmit)
    assert isinstance(used, PreToolUse)
    assert (said.words, said.only_invokes) == ("staging", False)
    assert (used.skill, used.provenance, used.folder) == ("deploy--alice", "slash", "")
    assert used.prompt_id == said.prompt_id == "e3fac2b4-2a2d-4d79-8c70-818e3f4a5c63"


def test_every_other_payload_is_no_event() -> None:
    known = {*ARMS, *ARMS_NOTHING_PULLED, *STARTS, *REACTS, SLASH, "workspace_open.json"}
    others = [path.name for path in PAYLOADS.glob("*.json") if path.name not in known]
    others = [name for name in others if not name.startswith(NOT_PAYLOADS)]
    assert len(others) == 12
    assert {name: told(name) for name in others} == {name: [] for name in others}


def test_what_names_no_conversation_is_unreadable() -> None:
    with pytest.raises(PayloadUnreadable):
        told("workspace_open.json")


READ, SHELL = "pre_tool_use_read_org_skill.json", "pre_tool_use_shell_org_skill.json"


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("skills/deploy--alice/SKILL.md", "/home/dev/project/skills/deploy--alice"),
        ("../other/./deploy--alice/SKILL.md", "/home/dev/other/deploy--alice"),
        ("~/.cursor/skills/deploy--alice/SKILL.md", "/home/dev/.cursor/skills/deploy--alice"),
    ],
)
def test_where_a_path_leads(path: str, folder: str) -> None:
    assert use(READ, tool_input={"file_path": path}).folder == folder


@pytest.mark.parametrize("key", ["cwd", "working_directory"])
def test_a_shell_reads_from_its_own_folder(key: str) -> None:
    event = use(SHELL, tool_input={"command": "cat deploy--alice/SKILL.md", key: "/home/dev/.cursor/skills"})
    assert event.folder == "/home/dev/.cursor/skills/deploy--alice"
    assert event.origin.project == "project"
    elsewhere = use(SHELL, tool_input={"command": "cat deploy--alice/SKILL.md", key: "../.cursor/skills"})
    assert elsewhere.folder == event.folder


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        (READ, {"tool_name": "Grep"}), (READ, {"tool_name": "Delete"}), (READ, {"tool_name": "MCP:Read"}),
        (READ, {"tool_input": {"file_path": f"{CLAUDE_SKILL}/references/SKILL.md.bak"}}),
        (READ, {"tool_input": {"file_path": CLAUDE_SKILL}}), (READ, {"tool_input": {"file_path": 7}}),
        (READ, {"tool_input": f"{CLAUDE_SKILL}/SKILL.md"}), (READ, {"tool_input": None}),
        (READ, {"tool_input": {"file_path": "/SKILL.md"}}),
        (READ, {"tool_input": {"file_path": f"{CLAUDE_SKILL}\0/SKILL.md"}}),
        (SHELL, {"tool_input": {"command": f"ls {CLAUDE_SKILL}/SKILL.md"}}),
        (SHELL, {"tool_input": {"file_path": f"{CLAUDE_SKILL}/SKILL.md"}}),
    ],
)  # fmt: skip
def test_what_is_no_read_of_a_skill(name: str, changed: dict[str, object]) -> None:
    assert told(name, **changed) == []


def prompt(text: str, **changed: object) -> list[object]:
    return told("before_submit_prompt_reaction.json", prompt=text, **changed)


@pytest.mark.parametrize(
    ("text", "words", "skill"),
    [
        ("/deploy--alice", "", "deploy--alice"),
        ("  /deploy--alice\nno, not production", "no, not production", "deploy--alice"),
        ("/home/dev/app.py is broken", "/home/dev/app.py is broken", ""),
        ("no, /deploy--alice is wrong", "no, /deploy--alice is wrong", ""),
        ("/ no", "/ no", ""),
    ],
)
def test_the_words_beside_a_mention(text: str, words: str, skill: str) -> None:
    *used, said = prompt(text)
    assert isinstance(said, UserPromptSubmit)
    assert (said.words, said.only_invokes) == (words, not words)
    assert [event.skill for event in used if isinstance(event, PreToolUse)] == ([skill] if skill else [])


PARENT = "11111111-5c1b-4f0e-9c1a-2b6f0f3f9a10"


def test_a_sub_agents_use_belongs_to_its_parents_session() -> None:
    event = use(READ, parent_conversation_id=PARENT)
    assert (event.origin.session_id, event.agent_id) == (PARENT, CONVERSATION)


@pytest.mark.parametrize("name", ["session_start.json", SLASH, *REACTS])
def test_a_sub_agent_neither_starts_a_session_nor_reacts(name: str) -> None:
    assert told(name, parent_conversation_id=PARENT) == []


def test_nulls_are_as_good_as_nothing() -> None:
    empty = dict.fromkeys(("session_id", "parent_conversation_id", "workspace_roots", "transcript_path", "tool_use_id"))
    event = use(READ, **empty)
    assert (event.folder, event.origin.project) == (CLAUDE_SKILL, "project")


def test_without_a_generation_each_prompt_is_its_own() -> None:
    data = json.dumps({"conversation_id": "c", "hook_event_name": "beforeSubmitPrompt", "prompt": "no"}).encode()
    items = [InboxItem(name, 5, "cursor", "", 3, {}, data) for name in ("1-a", "2-b")]
    first, second = (one for made in items for one in Cursor().events(made))
    assert first.id != second.id


@pytest.mark.parametrize("event", ["SessionStart", "PreToolUse", "UserPromptMention"])
def test_the_event_is_known_without_its_name(event: str) -> None:
    fields = {"conversation_id": "c", "tool_name": "Read", "tool_input": {"path": "/x--y/SKILL.md"}, "prompt": "no"}
    assert len(seen(json.dumps(fields).encode(), event)) == 1


@pytest.mark.parametrize(
    "data", [b"", b"null", b"[]", b"{", b"\x00\xff", b'{"conversation_id": ""}', b'{"conversation_id": {}}']
)
def test_broken_payloads_are_refused(data: bytes) -> None:
    with pytest.raises(PayloadUnreadable):
        seen(data, "PreToolUse")


FROM_CURSOR = sorted({*ARMS, *STARTS, *REACTS, SLASH, "stop.json"})


@pytest.mark.parametrize("name", FROM_CURSOR)
def test_what_cursor_tells_to_claude_codes_hooks_is_the_same(name: str) -> None:
    """Third-party import: the same ids, so it counts once, in any order."""
    data = (PAYLOADS / name).read_bytes()
    own = list(Cursor().events(item(data, "PreToolUse")))
    imported = list(ClaudeCode().events(item(data, "PreToolUse", harness="claude_code")))
    assert imported == own
    assert {one.event.origin.harness for one in imported} <= {"cursor"}
