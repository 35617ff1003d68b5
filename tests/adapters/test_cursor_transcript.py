"""Cursor's transcript as others have described it, and anything else: a conversation, or none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hivemind_skillopt.adapters.cursor import Cursor
from hivemind_skillopt.judgment_window import JudgmentWindow
from hivemind_skillopt.model import Invocation, Provenance, SkillRef, VersionSource
from hivemind_skillopt.ports import Conversation, Turn
from hivemind_skillopt.settings import Mode

REF = SkillRef("deploy", "alice")
SKILL_MD = "/home/dev/.cursor/skills/deploy--alice/SKILL.md"


def window(path: Path | str, provenance: Provenance = Provenance.PATH) -> JudgmentWindow:
    invocation = Invocation(
        id="i", harness="cursor", session_id="c", ref=REF, version=1, content_sha256="x",
        version_source=VersionSource.DISK, provenance=provenance, modified=False, user="alice", project="p",
        invoked_at=1,
    )  # fmt: skip
    return JudgmentWindow(invocation, "/h", "s", 3, Mode.AUTO, tool_use_id="t1", transcript_path=str(path))


def said(role: str, text: str) -> dict[str, object]:
    return {"role": role, "message": {"content": [{"type": "text", "text": text}]}}


def called(name: str, given: object, **more: str) -> dict[str, object]:
    return {"role": "assistant", "message": {"content": [{"type": "tool_use", "name": name, "input": given, **more}]}}


def read(folder: Path, *lines: object, provenance: Provenance = Provenance.PATH) -> Conversation | None:
    path = folder / "t.jsonl"
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return Cursor().read_transcript(window(path, provenance))


STORY = [
    said("user", "<user_info>OS: Linux</user_info>\n<user_query>\nPlease deploy it.\n</user_query>"),
    {"role": "assistant", "message": {"content": [
        {"type": "text", "text": "I read the skill."},
        {"type": "tool_use", "name": "Read", "input": {"path": SKILL_MD}},
    ]}},
    {"role": "user", "message": {"content": [{"type": "tool_result", "content": "# Deploy"}]}},
    called("Shell", {"command": "./deploy"}),
    said("assistant", "It is live."),
    said("user", "no, not production"),
]  # fmt: skip


def test_the_turns_around_the_use(tmp_path: Path) -> None:
    conversation = read(tmp_path, *STORY)
    assert conversation is not None
    assert conversation.turns == (
        Turn("human", "Please deploy it."),
        Turn("assistant", "I read the skill."),
        Turn("tool", "Read", at_invocation=True),
        Turn("tool", "Shell"),
        Turn("assistant", "It is live."),
        Turn("human", "no, not production"),
    )
    assert (conversation.skill_body, conversation.tool_output) == (None, ()), "the disk's version counts"


@pytest.mark.parametrize(
    ("call", "found"),
    [
        (called("Read", {"file_path": SKILL_MD}), True),
        (called("Shell", {"command": f"cat {SKILL_MD} | head"}), True),
        (called("Other", None, id="t1"), True),
        (called("Read", {"path": SKILL_MD}, id="t2"), False),
        (called("Read", {"path": "/home/dev/.cursor/skills/lint--alice/SKILL.md"}), False),
        (called("Read", SKILL_MD), False),
        (said("assistant", f"I know {SKILL_MD}"), False),
    ],
)
def test_which_call_used_the_skill(tmp_path: Path, call: dict[str, object], found: bool) -> None:
    assert (read(tmp_path, said("user", "go"), call) is not None) is found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/deploy--alice staging", True),
        ("<user_query>/deploy--alice</user_query>", True),
        ("/deploy--alice-two", False),
    ],
)
def test_which_prompt_used_the_skill(tmp_path: Path, text: str, found: bool) -> None:
    assert (read(tmp_path, said("user", text), provenance=Provenance.SLASH) is not None) is found


def test_only_the_last_use_and_what_led_to_it(tmp_path: Path) -> None:
    use = called("Read", {"path": SKILL_MD})
    conversation = read(tmp_path, *[said("user", f"{n}") for n in range(9)], use, said("user", "and"), use)
    assert conversation is not None
    assert [turn.text for turn in conversation.turns] == ["6", "7", "8", "Read", "and", "Read"][
        -len(conversation.turns) :
    ]
    assert [turn.at_invocation for turn in conversation.turns].count(True) == 1
    assert conversation.turns[-1].at_invocation


def test_lines_of_another_kind_are_stepped_over(tmp_path: Path) -> None:
    odd = [
        "", "{", "null", "7", '{"role": 7}', '{"type": "turn_ended"}', '{"role": "user", "message": null}',
        '{"role": "user", "message": {"content": [7]}}', '{"role": "user", "message": {"content": "   "}}',
    ]  # fmt: skip
    conversation = read(tmp_path, *odd, *STORY, *odd, '{"role": "user", "message": {"content": "as a text"}}')
    assert conversation is not None
    assert [len(conversation.turns), conversation.turns[-1].text] == [7, "as a text"]


def test_no_file_or_no_use_is_no_conversation(tmp_path: Path) -> None:
    assert read(tmp_path, '{"layout": "unknown"}') is None
    assert read(tmp_path) is None
    assert Cursor().read_transcript(window(tmp_path / "nowhere")) is None
    assert Cursor().read_transcript(window("")) is None
