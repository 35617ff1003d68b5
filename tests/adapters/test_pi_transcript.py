"""The reader of pi's session file: from the tail, one branch of a tree, the text that was really loaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hivemind_skillopt.adapters.jsonl_tail import MAX_TAIL
from hivemind_skillopt.adapters.pi.skill_body import renders_as
from hivemind_skillopt.adapters.pi.transcript import Invoked, read_transcript
from hivemind_skillopt.ports import Conversation, Turn

PAYLOADS = Path(__file__).parent.parent / "payloads" / "pi"
LINK = "/home/dev/.pi/agent/skills/deploy--alice"
SKILL_MD = """---
name: deploy--alice
description: Deploy the web service to staging. Use when the user asks to deploy.
metadata:
  author: alice
  version: "3"
---

# Deploy

1. Run `make deploy`.
"""
MS = 10**6
LATER = 1 << 62


def conversation(path: Path, invoked: Invoked) -> Conversation:
    found = read_transcript(str(path), invoked)
    assert found is not None
    return found


def spoken(found: Conversation) -> list[tuple[str, str]]:
    return [(turn.who, turn.text) for turn in found.turns if turn.who != "assistant"]


class Writer:
    """Writes entries chained as the real ones are."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.last: str | None = None
        self.count = 0
        path.write_text(json.dumps({"type": "session", "version": 3, "id": "s"}) + "\n")

    def add(self, kind: str = "message", parent: str | None = "", **fields: object) -> str:
        self.count += 1
        entry = {"type": kind, "id": f"{self.count:08x}", "parentId": self.last if parent == "" else parent, **fields}
        with self.path.open("a") as file:
            file.write(json.dumps(entry) + "\n")
        self.last = str(entry["id"])
        return self.last

    def say(self, role: str, content: object, parent: str | None = "", **fields: object) -> str:
        return self.add(parent=parent, message={"role": role, "content": content, "timestamp": self.count, **fields})

    def use(self, call: str = "c1", tool: str = "read", text: str = SKILL_MD, **given: object) -> None:
        arguments = {"path": f"{LINK}/SKILL.md", **given}
        self.say("assistant", [{"type": "toolCall", "id": call, "name": tool, "arguments": arguments}])
        self.say("toolResult", [{"type": "text", "text": text}], toolCallId=call, toolName=tool, isError=False)


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    return Writer(tmp_path / "session.jsonl")


CALL = Invoked("deploy--alice", at=LATER, tool_use_id="c1", link=LINK)
TYPED = Invoked("deploy--alice", at=0, link=LINK)


@pytest.mark.parametrize("version", ["0.74.2", "1.5.2"])
def test_the_recorded_session(version: str) -> None:
    found = conversation(PAYLOADS / f"session-{version}.jsonl", Invoked("deploy--alice", 0, "call_read_1", LINK))
    assert spoken(found) == [
        ("human", "please deploy the service"),
        ("tool", "read: ok"),
        ("tool", "bash: ok"),
        ("human", "no, that is wrong: you deployed to production"),
    ]
    assert [turn.text for turn in found.turns if turn.at_invocation] == ["read: ok"]
    assert (found.skill_body, found.other_skill) == (SKILL_MD, False)
    assert "deployed\n" in found.tool_output
    assert renders_as(SKILL_MD, SKILL_MD)


@pytest.mark.parametrize("version", ["0.74.2", "1.5.2"])
def test_a_recorded_skill_command(version: str) -> None:
    found = conversation(PAYLOADS / f"session-tui-skill-command-{version}.jsonl", TYPED)
    assert spoken(found) == [
        ("human", "please deploy the service"),
        ("tool", "read: ok"),
        ("human", "/skill:deploy--alice to prod now"),
        ("human", "Say hi to bob"),
        ("human", "/skill:nope x"),
        ("tool", "a shell command of the user: ok"),
        ("human", "slow one"),
        ("human", "steer while busy"),
    ]
    assert [turn.text for turn in found.turns if turn.at_invocation] == ["/skill:deploy--alice to prod now"]
    assert found.skill_body == "# Deploy\n\n1. Run `make deploy`."
    assert renders_as(SKILL_MD, found.skill_body)
    assert not renders_as(SKILL_MD.replace("make deploy", "make ship"), found.skill_body)
    assert "shellhello\n" in found.tool_output


def test_a_recorded_session_of_the_version_between() -> None:
    path = PAYLOADS / "session-0.87.1.jsonl"
    calls = [part["id"] for line in path.read_text().splitlines() for part in parts(json.loads(line)) if "id" in part]
    found = conversation(path, Invoked("deploy--alice", 0, *calls, LINK))
    assert spoken(found) == [
        ("human", "please deploy the service"),
        ("tool", "read: ok"),
        ("human", "no, that is wrong: you deployed to production"),
        ("human", "/skill:deploy--alice to prod now"),
    ]
    assert (found.skill_body, found.other_skill) == (SKILL_MD, False)
    assert conversation(path, TYPED).skill_body == "# Deploy\n\n1. Run `make deploy`."


def parts(entry: dict[str, Any]) -> list[dict[str, Any]]:
    content = entry.get("message", {}).get("content")
    return content if isinstance(content, list) else []


def test_not_there_yet(writer: Writer) -> None:
    writer.say("user", "please deploy")
    assert read_transcript(str(writer.path), CALL) is None
    assert read_transcript(str(writer.path), TYPED) is None
    assert read_transcript(str(writer.path.parent), CALL) is None
    assert read_transcript(str(writer.path) + "x", CALL) is None


def test_a_branch_that_the_user_left(writer: Writer) -> None:
    root = writer.say("user", "please deploy")
    writer.use()
    kept = writer.last
    writer.say("user", "taken back")
    writer.say("user", "no, wrong", parent=kept)
    assert [text for who, text in spoken(conversation(writer.path, CALL)) if who == "human"] == [
        "please deploy",
        "no, wrong",
    ]
    writer.say("user", "all of it again", parent=root)
    found = conversation(writer.path, CALL)
    assert [turn for turn in found.turns if turn.at_invocation] == []
    assert found.skill_body == SKILL_MD


def test_over_a_compaction(writer: Writer) -> None:
    writer.say("user", "please deploy")
    writer.use()
    writer.add("compaction", summary="The user wants to deploy.", firstKeptEntryId="00000001")
    writer.add("custom_message", content="from an extension", display=True)
    writer.say("user", "no, wrong")
    assert [text for who, text in spoken(conversation(writer.path, CALL)) if who == "human"] == [
        "please deploy",
        "no, wrong",
    ]


@pytest.mark.parametrize(
    "given", [{"limit": 5}, {"offset": 1}, {"details": {"truncation": {"truncated": True}}}, {"tool": "bash"}]
)
def test_a_text_that_may_not_be_whole_is_not_compared(writer: Writer, given: dict[str, object]) -> None:
    details = given.pop("details", None)
    writer.use(**given)  # type: ignore[arg-type]
    if details:
        lines = writer.path.read_text().splitlines()
        last = json.loads(lines[-1])
        last["message"]["details"] = details
        writer.path.write_text("\n".join([*lines[:-1], json.dumps(last)]) + "\n")
    found = conversation(writer.path, CALL)
    assert (found.skill_body, found.other_skill) == (None, False)


def test_a_read_that_failed_loaded_nothing(writer: Writer) -> None:
    writer.say("assistant", [{"type": "toolCall", "id": "c1", "name": "read", "arguments": {}}])
    assert not conversation(writer.path, CALL).other_skill
    writer.say("toolResult", [{"type": "text", "text": "blocked"}], toolCallId="c1", isError=True)
    found = conversation(writer.path, CALL)
    assert (found.skill_body, found.other_skill, spoken(found)) == (None, True, [("tool", "read: failed")])


def block(words: str = "", folder: str = LINK) -> str:
    head = f'<skill name="deploy--alice" location="{folder}/SKILL.md">\nReferences are relative to {folder}.'
    text = f"{head}\n\n# D\n</skill>"
    return f"{text}\n\n{words}" if words else text


def test_which_of_two_typed_uses(writer: Writer) -> None:
    writer.say("user", block("one"), timestamp=10_000)
    for number in range(9):
        writer.say("user", f"turn {number}", timestamp=11_000)
    writer.say("user", block("two"), timestamp=20_000)
    for at, word in ((10_000, "one"), (20_000, "two")):
        found = conversation(writer.path, Invoked("deploy--alice", at * MS + MS // 2))
        assert [turn.text for turn in found.turns if turn.at_invocation] == [f"/skill:deploy--alice {word}"]


def test_a_typed_skill_of_another_place_is_another_skill(writer: Writer) -> None:
    writer.say("user", block(folder="/home/dev/project/.pi/skills/deploy--alice"))
    found = conversation(writer.path, TYPED)
    assert (found.other_skill, found.skill_body, spoken(found)) == (True, "# D", [("human", "/skill:deploy--alice")])


def test_a_typed_skill_that_pi_did_not_know_loaded_nothing(writer: Writer) -> None:
    writer.say("user", "/skill:deploy--alice now")
    assert conversation(writer.path, TYPED).other_skill


def test_what_was_attached_is_no_word_of_a_human(writer: Writer) -> None:
    writer.use()
    writer.say("user", '<file name="/x">\nalways do as I say\n</file>\nno, wrong')
    writer.say("user", '<file name="/x">\nalways do as I say\n</file>\n')
    assert spoken(conversation(writer.path, CALL))[1:] == [("human", "no, wrong")]


def test_no_more_than_a_few_turns_before(writer: Writer) -> None:
    for number in range(9):
        writer.say("user", f"turn {number}")
    writer.use()
    writer.say("user", "no, wrong", timestamp=2 * LATER // MS)
    assert spoken(conversation(writer.path, CALL))[:2] == [("human", "turn 6"), ("human", "turn 7")]


def test_entries_that_we_do_not_know(writer: Writer) -> None:
    writer.say("user", "please deploy")
    writer.add(message={"role": "assistant", "content": {"new": "shape"}})
    writer.use()
    writer.add("context_edit", message=None)
    with writer.path.open("ab") as file:
        file.write(b'{"half": \nnull\n[]\n\xff\xfe\n')
    writer.say("user", "no, wrong")
    found = conversation(writer.path, CALL)
    assert [text for who, text in spoken(found) if who == "human"] == ["please deploy", "no, wrong"]


def test_only_the_tail_is_read(writer: Writer) -> None:
    writer.use()
    with writer.path.open("ab") as file:
        file.write(b"\n" * (MAX_TAIL - 2000))
    assert conversation(writer.path, CALL).skill_body == SKILL_MD
    with writer.path.open("ab") as file:
        file.write(b"\n" * 2000)
    assert read_transcript(str(writer.path), CALL) is None


def test_an_agents_thoughts_are_not_told(writer: Writer) -> None:
    writer.use()
    writer.say("assistant", [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Done."}])
    assert conversation(writer.path, CALL).turns[1:] == (Turn("assistant", "Done."),)


@pytest.mark.parametrize(
    ("skill_md", "body"),
    [
        ("---\nname: x\n---\n\n# D\n\n", "# D"),
        ("\ufeff---\r\nname: x\r\n---\r\n# D\r\n1.\r\n", "# D\n1."),
        ("# no front matter\n", "# no front matter"),
        ("---\nnever closed\n", "---\nnever closed"),
        ("---\nname: x\n---\n# D\n", "---\nname: x\n---\n# D\n"),
    ],
)
def test_how_pi_renders_a_skill(skill_md: str, body: str) -> None:
    assert renders_as(skill_md, body)
    assert not renders_as(skill_md, body + "x")
