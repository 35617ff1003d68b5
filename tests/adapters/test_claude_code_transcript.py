"""The transcript reader: from the tail, chained by uuid, the body that was really loaded."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hivemind_skillopt.adapters.claude_code.payload import reaction_id
from hivemind_skillopt.adapters.claude_code.records import records_from_end
from hivemind_skillopt.adapters.claude_code.transcript import Invoked, read_transcript
from hivemind_skillopt.adapters.jsonl_tail import CHUNK, MAX_TAIL
from hivemind_skillopt.ports import Conversation

PAYLOADS = Path(__file__).parent.parent / "payloads" / "claude_code"
RECORDED = Invoked(
    session_id="a6825501-5afc-410d-927d-9b76ade46456",
    skill="deploy--alice",
    tool_use_id="toolu_79ff12418d884665a510b282",
    prompt_id="64cfc3e7-2a81-4ba7-8e3f-147a54ec47ad",
    agent_id="",
)


def conversation(path: Path, invoked: Invoked = RECORDED) -> Conversation:
    found = read_transcript(str(path), invoked)
    assert found is not None
    return found


class Writer:
    """Writes records chained as the real ones are."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.last: str | None = None
        self.count = 0

    def add(self, kind: str, content: object, parent: str | None = "", **fields: object) -> str:
        above = self.last if parent == "" else parent
        return self.chain({"type": kind, "message": {"content": content}, **fields}, above)

    def chain(self, record: dict[str, object], above: str | None) -> str:
        """A record of any kind, below that one."""
        self.count += 1
        uuid = f"u{self.count}"
        record |= {"uuid": uuid, "parentUuid": above}
        with self.path.open("ab") as file:
            file.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
        self.last = uuid
        return uuid

    def skill_call(self, tool_id: str, body: str) -> None:
        self.add("assistant", [{"type": "tool_use", "id": tool_id, "name": "Skill"}])
        self.add("user", [{"type": "tool_result", "tool_use_id": tool_id, "content": "Launching skill"}])
        text = f"Base directory for this skill: /h/.claude/skills/x\n\n{body}"
        self.add("user", [{"type": "text", "text": text}], isMeta=True, sourceToolUseID=tool_id)


CALL = Invoked("s", "deploy--alice", "t1", "p1", "")


def test_the_recorded_session() -> None:
    found = conversation(PAYLOADS / "transcript.jsonl")
    assert (
        found.skill_body
        == "# Deploy (user copy)\n\n1. Run `echo deploying`.\n2. Tell the user the URL.\n\nArguments: staging\n"
    )
    spoken = [(turn.who, turn.text) for turn in found.turns if turn.who != "assistant"]
    assert spoken == [
        ("human", "please deploy the service to staging"),
        ("tool", "Skill: ok"),
        ("tool", "Bash: ok"),
        ("human", "no, that is wrong: you deployed to production, not staging"),
        ("human", "ok, thanks, now it works"),
    ]
    assert [turn.text for turn in found.turns if turn.at_invocation] == ["Skill: ok"]
    assert "deploying" in found.tool_output
    assert not any("deploying" in turn.text for turn in found.turns)


def test_a_human_turn_has_the_id_of_its_reaction() -> None:
    found = conversation(PAYLOADS / "transcript.jsonl")
    ids = [turn.reaction_id for turn in found.turns if turn.text.startswith("no, that is wrong")]
    assert ids == [reaction_id(RECORDED.session_id, "68ce949d-2680-49b3-814a-cf4d74345a38")]


def test_an_invocation_that_is_not_there_yet(tmp_path: Path) -> None:
    assert read_transcript(str(PAYLOADS / "transcript.jsonl"), replace(RECORDED, tool_use_id="toolu_other")) is None
    assert read_transcript(str(tmp_path / "none.jsonl"), RECORDED) is None


def test_only_what_the_human_said_of_the_rare_records(tmp_path: Path) -> None:
    """The recorded ones, as if they all stood after one call."""
    writer = Writer(tmp_path / "t.jsonl")
    writer.skill_call("t1", "# Body")
    for line in (PAYLOADS / "transcript.special-records.jsonl").read_text().splitlines():
        writer.chain(json.loads(line), writer.last)
    spoken = [turn.text for turn in conversation(writer.path, CALL).turns if turn.who == "human"]
    assert spoken == [
        "/deploy--alice staging now",
        "no, that is wrong: queued while busy",
        "slow please",
        "no, that is wrong: queued while generating",
    ]


def test_a_typed_command(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "t.jsonl")
    name = "<command-message>deploy--alice</command-message>\n<command-name>/deploy--alice</command-name>\n"
    command = f"{name}<command-args>a & b</command-args>"
    writer.add("user", command, promptId="p1")
    body = "Base directory for this skill: /h/x\n\n# Body\n"
    writer.add("user", [{"type": "text", "text": body}], isMeta=True, promptId="p1")
    writer.add("assistant", [{"type": "text", "text": "done"}])
    found = conversation(writer.path, replace(CALL, tool_use_id=""))
    assert found.skill_body == "# Body\n"
    assert [(turn.text, turn.at_invocation) for turn in found.turns] == [
        ("/deploy--alice a & b", True),
        ("done", False),
    ]


def test_two_calls_in_one_message_leave_the_first_body_off_the_chain(tmp_path: Path) -> None:
    """As seen with a PreToolUse hook: call0 call1 result0 body0 result1 body1, each result under its own call."""
    writer = Writer(tmp_path / "t.jsonl")
    writer.add("user", "both please", promptId="p1")
    calls = [writer.add("assistant", [{"type": "tool_use", "id": f"t{n}", "name": "Skill"}]) for n in (1, 2)]
    for n, call in zip((1, 2), calls, strict=True):
        writer.add("user", [{"type": "tool_result", "tool_use_id": f"t{n}", "content": "ok"}], parent=call)
        text = f"Base directory for this skill: /h/x{n}\n\nbody {n}\n"
        writer.add("user", [{"type": "text", "text": text}], isMeta=True, sourceToolUseID=f"t{n}")
    writer.add("assistant", [{"type": "text", "text": "done"}])
    for n in (1, 2):
        found = conversation(writer.path, replace(CALL, tool_use_id=f"t{n}"))
        assert found.skill_body == f"body {n}\n"
        assert [turn.text for turn in found.turns] == ["both please", "Skill: ok", "Skill: ok", "done"]


def test_a_rewound_branch_was_never_said(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "t.jsonl")
    writer.add("user", "please deploy", promptId="p1")
    writer.skill_call("t1", "b\n")
    fork = writer.last
    writer.add("user", "taken back by the user", promptId="p2")
    writer.add("user", "really said", parent=fork, promptId="p3")
    texts = [turn.text for turn in conversation(writer.path, CALL).turns]
    assert "really said" in texts
    assert "taken back by the user" not in texts


def test_special_records_are_no_human_turns(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "t.jsonl")
    writer.add("user", "please deploy", promptId="p1")
    writer.skill_call("t1", "b\n")
    writer.add("user", "summary of it all", isCompactSummary=True)
    writer.add("user", "<bash-input>ls</bash-input>")
    writer.add("user", "<task-notification>x", origin={"kind": "task-notification"})
    writer.add("user", "not typed", origin={"kind": "something"})
    writer.add("user", [{"type": "text", "text": "[Request interrupted by user for tool use]"}])
    writer.add("user", "a sub-agent's", isSidechain=True)
    humans = [turn.text for turn in conversation(writer.path, CALL).turns if turn.who == "human"]
    assert humans == ["please deploy"]


def test_a_prompt_absorbed_while_tools_ran_is_found(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "t.jsonl")
    writer.add("user", "please deploy", promptId="p1")
    writer.skill_call("t1", "b\n")
    queued = {"type": "queued_command", "prompt": "no, staging!", "commandMode": "prompt", "origin": {"kind": "human"}}
    writer.add("attachment", "", attachment=queued, timestamp="2026-11-21T02:00:28.290Z")
    (absorbed,) = conversation(writer.path, CALL).absorbed
    assert (absorbed.text, absorbed.at) == ("no, staging!", 1_795_226_428_290_000_000)


def test_a_sub_agents_call_is_read_from_its_own_file(tmp_path: Path) -> None:
    parent = Writer(tmp_path / "s.jsonl")
    parent.add("user", "please deploy by an agent", promptId="p1")
    parent.add("assistant", [{"type": "tool_use", "id": "task", "name": "Agent"}])
    (tmp_path / "s" / "subagents").mkdir(parents=True)
    Writer(tmp_path / "s" / "subagents" / "agent-a1.jsonl").skill_call("t1", "child body\n")
    found = conversation(parent.path, replace(CALL, agent_id="a1"))
    assert found.skill_body == "child body\n"
    assert [turn.text for turn in found.turns if turn.at_invocation] == ["please deploy by an agent"]


def fork(folder: Path, agent: str, skills: str, prompt: str = "p1") -> None:
    """The file of the sub-agent that runs a forked skill: its first record is the body."""
    (folder / "t" / "subagents").mkdir(parents=True, exist_ok=True)
    writer = Writer(folder / "t" / "subagents" / f"agent-{agent}.jsonl")
    writer.add("user", f"Base directory for this skill: {skills}\n\n{agent} body\n", isMeta=True, promptId=prompt)
    writer.add("assistant", [{"type": "text", "text": "done"}])


@pytest.mark.parametrize("typed", [False, True])
def test_a_forked_skill_is_read_from_its_sub_agents_file(tmp_path: Path, typed: bool) -> None:
    writer = Writer(tmp_path / "t.jsonl")
    writer.add("user", "/deploy--alice staging" if typed else "please deploy", promptId="p1")
    if not typed:
        writer.add("assistant", [{"type": "tool_use", "id": "t1", "name": "Skill"}])
        writer.add("user", [{"type": "tool_result", "tool_use_id": "t1", "content": "completed"}], promptId="p1")
    call = replace(CALL, tool_use_id="" if typed else "t1", link="/h/skills/deploy--alice")
    assert conversation(writer.path, call).skill_body is None
    fork(tmp_path, "earlier", "/h/skills/deploy--alice", "p0")
    fork(tmp_path, "another", "/h/skills/lint--alice")
    fork(tmp_path, "ours", "/h/skills/deploy--alice")
    found = conversation(writer.path, call)
    assert (found.skill_body, found.other_skill) == ("ours body\n", False)
    fork(tmp_path, "theirs", "/plugins/x/skills/deploy--alice")
    assert conversation(writer.path, call).other_skill


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({"commandMode": "prompt"}, 1),
        ({"commandMode": "prompt", "origin": {"kind": "channel"}}, 0),
        ({"commandMode": "prompt", "isMeta": True}, 0),
        ({"commandMode": "task-notification"}, 0),
        ({}, 0),
    ],
)
def test_which_absorbed_prompts_are_a_humans(tmp_path: Path, fields: dict[str, object], count: int) -> None:
    """The SDK's stream does not say where one came from."""
    writer = Writer(tmp_path / "t.jsonl")
    writer.add("user", "please deploy", promptId="p1")
    writer.skill_call("t1", "b\n")
    writer.add("attachment", "", attachment={"type": "queued_command", "prompt": "no!", **fields})
    assert len(conversation(writer.path, CALL).absorbed) == count


def test_only_the_tail_of_a_huge_file_is_read(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "t.jsonl")
    with writer.path.open("wb") as file:
        file.truncate(1 << 30)  # sparse: a gigabyte of NUL
        file.seek(0, 2)
        file.write(b"\n")
    for number in range(6):
        writer.add("user", f"earlier {number}", promptId=f"e{number}")
    writer.skill_call("t1", "b\n")
    assert conversation(writer.path, CALL).skill_body == "b\n"
    assert MAX_TAIL < 1 << 25


@pytest.mark.parametrize("length", [1, CHUNK - 40, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_records_across_chunk_borders(tmp_path: Path, length: int) -> None:
    writer = Writer(tmp_path / "t.jsonl")
    texts = ["x" * length, "\u2028line\u0085separators", "y" * length, ""]
    for text in texts:
        writer.add("user", text)
    with writer.path.open("ab") as file:
        file.write(b'{"type": "user", "half')
    assert [record.text for record in records_from_end(str(writer.path))] == texts[::-1]
