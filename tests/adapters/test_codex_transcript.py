"""The rollout reader: from the tail, both tool modes, mentions and sub-agents, the text that was really loaded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hivemind_skillopt.adapters.codex.payload import prompt_id_of, reaction_id
from hivemind_skillopt.adapters.codex.skill_body import CUT
from hivemind_skillopt.adapters.codex.transcript import read_transcript
from hivemind_skillopt.judgment_window import JudgmentWindow
from hivemind_skillopt.model import SECOND, Invocation, Provenance, SkillRef, VersionSource
from hivemind_skillopt.ports import Conversation
from hivemind_skillopt.settings import Mode
from tests.adapters.codex_rollout import Writer

PAYLOADS = Path(__file__).parent.parent / "payloads" / "codex"
BODY = (
    "---\nname: deploy--alice\ndescription: Deploy the service to staging. Use for any deploy request.\n"
    'metadata:\n  version: "3"\n---\n\n# deploy--alice\n\n1. Run `make deploy`.\n2. Report the URL.\n'
)
REACTION = "no, that is wrong: you deployed to production and the health check was skipped"
AT = 1_795_226_400 * SECOND


def window(path: Path, session: str = "s", at: int = AT, **handles: str) -> JudgmentWindow:
    invocation = Invocation(
        id="i", harness="codex", session_id=session, ref=SkillRef("deploy", "alice"), version=1, content_sha256="c",
        version_source=VersionSource.DISK, provenance=Provenance.PATH, modified=False, user="u", project="p",
        invoked_at=at,
    )  # fmt: skip
    return JudgmentWindow(invocation, "/h", "store", 3, Mode.AUTO, transcript_path=str(path), **handles)


def conversation(asked: JudgmentWindow) -> Conversation:
    found = read_transcript(asked)
    assert found is not None
    return found


RECORDED = {
    "function_mode": ("01a1fbd8-f9d6-7a10-839c-37851a3f5eec", "call_skill_1", "01a1fbd8-fbff-73a1-a39f-07ef5c52c03a"),
    "code_mode": (
        "01a1fbd8-fdc1-7a40-a47f-65fe72f84245",
        "exec-1274d524-033b-41d4-932e-7ca54bb671c9",
        "01a1fbd8-ffb3-7f33-b942-537b72a98f61",
    ),
}


@pytest.mark.parametrize("mode", RECORDED)
def test_the_recorded_session(mode: str) -> None:
    session, tool, turn = RECORDED[mode]
    found = conversation(window(PAYLOADS / f"rollout.{mode}.jsonl", session, tool_use_id=tool))
    assert (found.skill_body, found.other_skill, found.absorbed) == (BODY, False, ())
    assert [(turn.who, turn.text) for turn in found.turns if turn.who != "assistant"] == [
        ("human", "please deploy the service"),
        ("tool", "Bash: ok"),
        *([("tool", "Bash: ok")] if mode == "function_mode" else []),
        ("human", REACTION),
    ]
    assert [turn.who for turn in found.turns if turn.at_invocation] == ["tool"]
    assert found.turns[-1].text == "Sorry, rolling back."
    assert [t.reaction_id for t in found.turns if t.text == REACTION] == [reaction_id(session, turn, REACTION)]
    assert found.tool_output == (("make deploy\n",) if mode == "function_mode" else ()), "the skill is no tool's output"


def test_a_recorded_mention() -> None:
    session, turn = "01a1fbd5-03a8-75c0-b2bd-19a8485f2794", "01a1fbd5-03c3-7453-8064-0b557b2320f3"
    prompt = "use $deploy--alice for this service"
    path = PAYLOADS / "rollout.skill_mention.jsonl"
    found = conversation(window(path, session, prompt_id=prompt_id_of(turn, prompt)))
    assert (found.skill_body, found.other_skill) == (BODY, False)
    assert [(turn.who, turn.at_invocation) for turn in found.turns] == [
        ("human", True),
        ("assistant", False),
        ("human", False),
        ("assistant", False),
    ]
    assert read_transcript(window(path, session, prompt_id=prompt_id_of(turn, "another text"))) is None


def test_an_invocation_that_is_not_there_yet(tmp_path: Path) -> None:
    assert read_transcript(window(PAYLOADS / "rollout.code_mode.jsonl", tool_use_id="other")) is None
    assert read_transcript(window(tmp_path / "none.jsonl", tool_use_id="c1")) is None
    assert read_transcript(replace(window(tmp_path, tool_use_id="c1"), transcript_path="")) is None, "an ephemeral one"


FILE = "/h/skills/deploy--alice/SKILL.md"
LOADED = {
    f"cat {FILE}": True,
    f"cat '{FILE}' 2>/dev/null": True,
    "cd /h/skills/deploy--alice && cat SKILL.md": True,
    f"sed -n '1,200p' {FILE}": True,
    f"sed -n 1,{BODY.count(chr(10))}p {FILE}": False,
    f"sed -n 2,200p {FILE}": False,
    f"head -200 {FILE}": False,
    f"cat {FILE} | grep make": False,
    f"cat {FILE} {FILE}": False,
    f"cat {FILE}; ls": False,
    f"cat -n {FILE}": False,
    "/h/skills/deploy--alice/scripts/run.sh": False,
}


@pytest.mark.parametrize("command", LOADED)
def test_only_what_is_surely_the_whole_file_is_the_loaded_text(tmp_path: Path, command: str) -> None:
    writer = Writer(tmp_path / "r.jsonl")
    writer.command(command, BODY)
    found = conversation(window(writer.path, tool_use_id="c1"))
    assert (found.skill_body, found.other_skill) == (BODY if LOADED[command] else None, False)


def test_an_output_that_codex_cut_is_not_the_whole_file(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "r.jsonl")
    writer.command(f"cat {FILE}", f"begin\n{CUT}end\n")
    assert conversation(window(writer.path, tool_use_id="c1")).skill_body is None


@pytest.mark.parametrize(
    ("command", "nothing_loaded"),
    [(f"cat {FILE}", True), (f"cat {FILE} && make", False), ("/h/skills/deploy--alice/scripts/run.sh", False)],
)
def test_a_file_that_could_not_be_read_was_not_loaded(tmp_path: Path, command: str, nothing_loaded: bool) -> None:
    writer = Writer(tmp_path / "r.jsonl")
    writer.command(command, "No such file or directory\n", code=1)
    found = conversation(window(writer.path, tool_use_id="c1"))
    assert (found.skill_body, found.other_skill) == (None, nothing_loaded)
    assert [turn.text for turn in found.turns] == ["Bash: failed"]


def mention(tmp_path: Path, folder: Path, name: str = "deploy--alice") -> Writer:
    writer = Writer(tmp_path / "r.jsonl")
    writer.human("$lint--bob $deploy--alice")
    writer.shown("<environment_context>\n</environment_context>")
    writer.shown(f"<skill>\n<name>lint--bob</name>\n<path>{folder}/SKILL.md</path>\nlint\n</skill>")
    writer.shown(f"<skill>\n<name>{name}</name>\n<path>{folder}/SKILL.md</path>\na</skill>\n\n</skill>")
    return writer


def test_the_path_of_a_mention_tells_whose_skill_it_was(tmp_path: Path) -> None:
    versions = [tmp_path / "skills" / sha / "deploy--alice" for sha in ("old", "new")]
    foreign = tmp_path / "repo" / ".codex" / "skills" / "deploy--alice"
    for folder in (*versions, foreign):
        folder.mkdir(parents=True)
    link = tmp_path / "deploy--alice"
    link.symlink_to(versions[1])
    asked = window(tmp_path / "r.jsonl", prompt_id=prompt_id_of("t1", "$lint--bob $deploy--alice"), link=str(link))
    for folder, other in ((versions[0], False), (versions[1], False), (foreign, True)):
        (tmp_path / "r.jsonl").unlink(missing_ok=True)
        mention(tmp_path, folder)
        found = conversation(asked)
        assert (found.skill_body, found.other_skill) == ("a</skill>\n", other)


def test_the_next_mention_is_another_use(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "r.jsonl")
    writer.human("$deploy--alice")
    writer.human("$deploy--alice", turn="t2")
    writer.shown("<skill>\n<name>deploy--alice</name>\n<path>/x/SKILL.md</path>\nlater\n</skill>")
    first, second = (window(writer.path, prompt_id=prompt_id_of(turn, "$deploy--alice")) for turn in ("t1", "t2"))
    assert [conversation(asked).skill_body for asked in (first, second)] == [None, "later"]


def test_a_sub_agents_use_is_read_from_both_files(tmp_path: Path) -> None:
    day, next_day = tmp_path / "2026" / "11" / "20", tmp_path / "2026" / "11" / "21"
    for folder in (day, next_day):
        folder.mkdir(parents=True)
    parent, child = Writer(day / "rollout-x-s.jsonl"), Writer(next_day / "rollout-y-a1.jsonl")
    parent.human("first", seconds=1)
    parent.human("please deploy by an agent", "t2", seconds=2)
    child.human("SUBTASK: read the skill", seconds=3)
    child.command(f"cat {FILE}", BODY)
    parent.human("no, wrong", "t3", seconds=9)
    used = 1_795_226_404 * SECOND
    found = conversation(window(child.path, at=used, tool_use_id="c1", agent_id="a1"))
    assert found.skill_body == BODY
    assert [turn.text for turn in found.turns] == ["first", "please deploy by an agent", "no, wrong"]
    assert [turn.text for turn in found.turns if turn.at_invocation] == ["please deploy by an agent"]
    hostile = window(child.path, "../*", used, tool_use_id="c1", agent_id="a1")
    assert read_transcript(hostile) is None


def test_it_goes_back_three_prompts_before_the_use(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "r.jsonl")
    for number in range(6):
        writer.human(f"prompt {number}", f"t{number}")
    writer.command(f"cat {FILE}", BODY)
    texts = [turn.text for turn in conversation(window(writer.path, tool_use_id="c1")).turns]
    assert texts == ["prompt 3", "prompt 4", "prompt 5", "Bash: ok"]


def test_rows_of_unknown_shapes_are_stepped_over(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "r.jsonl")
    writer.human("please")
    writer.command(f"cat {FILE}", BODY)
    writer.item("t1", type="Reasoning", summary_text=["hm"])
    writer.item("t1", type="ContextCompaction", id="x")
    writer.item("t1", type="FileChange", id="p", status="completed", changes={"a": {"type": "add"}})
    writer.item("t1", type="CollabAgentToolCall", id="s", status="completed", tool="spawn_agent")
    writer.item("t1", type="Other", id="o", status="failed")
    writer.item("t1", type="CommandExecution", command="no list")
    writer.row("event_msg", {"type": "item_completed", "item": None})
    writer.row("compacted", {"message": None})
    with writer.path.open("ab") as file:
        file.write(b'null\n[]\n{"type": 5}\n\xff\n{"half')
    texts = [turn.text for turn in conversation(window(writer.path, tool_use_id="c1")).turns]
    assert texts == ["please", "Bash: ok", "apply_patch: ok", "spawn_agent: ok", "Other: failed"]
