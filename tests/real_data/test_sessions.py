"""Real Claude Code sessions through our reader; sessions of other programs give nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hivemind_skillopt.adapters.claude_code.adapter import ClaudeCode
from hivemind_skillopt.adapters.claude_code.payload import reaction_id, read_event
from hivemind_skillopt.adapters.claude_code.skill_body import renders_as
from hivemind_skillopt.adapters.claude_code.transcript import Invoked, read_transcript
from hivemind_skillopt.errors import PayloadUnreadable
from hivemind_skillopt.events import InboxItem, PreToolUse, SeenEvent
from hivemind_skillopt.model import Provenance
from hivemind_skillopt.ports import Conversation
from tests.adapters.events import one_event
from tests.corpora import corpus
from tests.real_data.sessions import PARENT, SESSIONS, SLASH, TOOL, Session, laid_out, machine_text, use, windows

LOADED = {name: session for name, session in SESSIONS.items() if session is not PARENT}


@pytest.fixture(params=SESSIONS)
def session(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Session, str]:
    """The session and its transcript in a place of its own, a sub-agent's file beside it as the program writes it."""
    found = SESSIONS[request.param]
    return found, str(laid_out(found, tmp_path))


def read(path: str, invoked: Invoked) -> Conversation:
    found = read_transcript(path, invoked)
    assert found is not None
    return found


def test_the_turns_are_the_ones_that_were_taken_in_their_order(session: tuple[Session, str]) -> None:
    known, path = session
    turns = read(path, known.invoked).turns
    assert [turn.text if turn.who == "tool" else turn.who for turn in turns] == list(known.turns)
    human = [turn.text for turn in turns if turn.who == "human"]
    assert len(human) == len(known.human)
    assert all(text.startswith(start) for text, start in zip(human, known.human, strict=True))
    assert sum(turn.at_invocation for turn in turns) == 1


def test_tool_output_and_skill_bodies_are_never_turns(session: tuple[Session, str]) -> None:
    known, path = session
    machine = machine_text(known.path.read_bytes())
    found = read(path, known.invoked)
    assert machine
    for turn in found.turns:
        if turn.who != "assistant":  # an agent may quote what a tool printed
            assert not windows(turn.text) & machine, turn


def test_tool_output_is_kept_as_evidence_for_the_gate() -> None:
    output = "\n".join(read(str(SLASH.path), SLASH.invoked).tool_output)
    assert "Audit pipeline: enabled" in output
    assert "qvr 0.30.0-rc.1" in output


@pytest.mark.parametrize("name", LOADED)
def test_the_body_and_its_folder_are_found(name: str) -> None:
    known = LOADED[name]
    found = read(str(known.path), known.invoked)
    assert found.skill_body is not None
    assert found.skill_body.startswith(known.body_starts)
    assert not found.other_skill
    here = use(known.invoked.skill, known.invoked.tool_use_id, known.invoked.prompt_id, link=known.folder)
    elsewhere = use(known.invoked.skill, known.invoked.tool_use_id, known.invoked.prompt_id, link="/elsewhere/x")
    assert not read(str(known.path), here).other_skill
    assert read(str(known.path), elsewhere).other_skill


@pytest.mark.parametrize("name", LOADED)
def test_the_loaded_body_is_recognised_as_its_own_skill_only(name: str) -> None:
    bodies = {other: read(str(each.path), each.invoked).skill_body or "" for other, each in LOADED.items()}
    skill_md = f"---\nname: x\n---\n\n{bodies[name]}"
    assert [other for other, body in bodies.items() if renders_as(skill_md, body)] == [name]


def test_a_sub_agents_use_hangs_on_the_humans_prompt_and_is_read_from_its_own_file(tmp_path: Path) -> None:
    """The real child called no skill; here its first call is one, and the body follows as the program writes it."""
    path = laid_out(PARENT, tmp_path)
    child = next((tmp_path / "s" / "subagents").iterdir())
    record = {"type": "user", "uuid": "b", "isMeta": True, "isSidechain": True, "sourceToolUseID": "toolu_none"}
    body = {"content": [{"type": "text", "text": "Base directory for this skill: /h/x\n\nchild body\n"}]}
    with child.open("a") as file:
        file.write(json.dumps({**record, "message": body}) + "\n")
    found = read(str(path), PARENT.invoked)
    assert found.skill_body == "child body\n"
    assert [turn.text for turn in found.turns if turn.at_invocation] == ["how do i do /remote-control"]


def test_a_turn_has_the_id_that_the_hooks_reaction_will_have() -> None:
    turn = read(str(TOOL.path), TOOL.invoked).turns[0]
    assert turn.reaction_id == reaction_id("s", TOOL.invoked.prompt_id)


def test_the_calls_as_hook_payloads_make_the_same_invocations() -> None:
    """The Skill call as it stands in the transcript, in the envelope of the recorded payloads."""
    call = {"tool_name": "Skill", "tool_use_id": TOOL.invoked.tool_use_id, "tool_input": {"skill": "slugify-title"}}
    assert (tool := heard("PreToolUse", **call)) is not None
    assert isinstance(tool.event, PreToolUse)
    assert (tool.event.skill, tool.event.provenance) == (TOOL.invoked.skill, Provenance.TOOL)
    slash = heard("UserPromptExpansion", expansion_type="slash_command", command_name="optimize-skill-loop")
    assert slash is not None
    assert isinstance(slash.event, PreToolUse)
    assert (slash.event.skill, slash.event.provenance) == (SLASH.invoked.skill, Provenance.SLASH)


def heard(event: str, **fields: object) -> SeenEvent | None:
    payload = {"session_id": "s", "hook_event_name": event, "prompt_id": "p", **fields}
    return read_event(item(event, json.dumps(payload).encode()), "/h")


def item(event: str, payload: bytes) -> InboxItem:
    return InboxItem("i", 1, "claude_code", event, 0, {"HOME": "/h"}, payload)


FOREIGN = ["transcripts/qvr_real/codex_*.jsonl", "transcripts/skillopt/*", "transcripts/selftune_sandbox/**/*.json*"]
FOREIGN += ["lineage/*.jsonl", "spec_cases/*"]


@pytest.mark.parametrize("pattern", FOREIGN)
def test_other_programs_files_give_nothing(pattern: str) -> None:
    files = [path for path in corpus("").glob(pattern) if path.is_file()]
    assert files
    for path in files:
        for known in SESSIONS.values():
            assert read_transcript(str(path), known.invoked) is None, path


def test_other_programs_hook_payloads_are_no_event_or_unreadable() -> None:
    """Foreign field names: neither a use of a skill nor a prompt with words comes of them."""
    for path in corpus("transcripts/selftune_sandbox/hook-payloads").iterdir():
        for event in ("SessionStart", "PreToolUse", "UserPromptExpansion"):
            try:
                seen = read_event(item(event, path.read_bytes()), "/h")
            except PayloadUnreadable:
                continue
            assert seen is None or event == "SessionStart", path
        seen = one_event(ClaudeCode(), item("UserPromptSubmit", path.read_bytes()))
        assert seen is None or not getattr(seen.event, "words", ""), path
