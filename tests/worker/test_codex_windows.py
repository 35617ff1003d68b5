"""Codex's events in the worker: which windows they open and close, and which reactions those take."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adapters.codex_rollout import Writer
from tests.worker.lab import FAULT, REACTION, REF, SKILL, Lab, outcomes, versions

MENTION = f"${REF}"


class CodexLab(Lab):
    """deploy--alice v1 is published and pulled; the session's rollout is written as Codex does."""

    @property
    def rollout(self) -> Writer:
        return Writer(self.root / "s1.jsonl")

    def shell(self, command: str, tool: str = "c1", output: str = SKILL, **fields: object) -> None:
        call = {"tool_name": "Bash", "tool_input": {"command": command}, "tool_use_id": tool}
        self.event("PreToolUse", **{"turn_id": "t1", **call, **fields})
        self.rollout.command(command, output, tool)

    def say(self, text: str, turn: str, **fields: object) -> None:
        self.event("UserPromptSubmit", prompt=text, turn_id=turn, **fields)
        self.rollout.human(text, turn)

    def accepted(self) -> list[int]:
        return [window.accepted for window in self.windows().all_open()]


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CodexLab:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    made = CodexLab(tmp_path, harness="codex", folder=".codex")
    made.publish()
    made.pull()
    return made


def unclear(lab: Lab) -> None:
    """A judge that blames nobody: windows stay open."""
    lab.script(judge=[{"answer": {**FAULT, "outcome": "unclear", "quote": None}}] * 4)


def test_a_skill_read_by_the_shell_and_a_pushback_make_version_2(lab: CodexLab) -> None:
    lab.shell(f"cat {lab.installed()}/SKILL.md")
    lab.say(f"{REACTION}, do not just deploy", "t2")
    lab.work()
    assert (outcomes(lab), versions(lab)) == (["skill_fault"], [1, 2])
    (verdict,) = lab.store.verdicts()
    assert (verdict.version, verdict.version_source) == (1, "transcript")


def test_a_look_alike_elsewhere_arms_nothing(lab: CodexLab) -> None:
    fixture = lab.root / "repo" / str(REF)
    fixture.mkdir(parents=True)
    (fixture / "SKILL.md").write_text(SKILL)
    lab.shell(f"cat {fixture}/SKILL.md")
    lab.say(REACTION, "t2")
    lab.work()
    assert (lab.store.invocations(), outcomes(lab)) == ([], [])


def test_the_link_and_the_real_path_in_one_command_are_one_use(lab: CodexLab) -> None:
    unclear(lab)
    lab.shell(f"cat {lab.installed()}/SKILL.md {lab.installed().resolve()}/SKILL.md")
    lab.say(REACTION, "t2")
    lab.work()
    assert (len(lab.store.invocations()), lab.accepted(), len(outcomes(lab))) == (1, [1], 1)
    (verdict,) = lab.store.verdicts()
    assert verdict.version_source == "disk", "the text twice is no known version"


def test_a_mention_does_not_react_to_itself(lab: CodexLab) -> None:
    unclear(lab)
    lab.say(f"{MENTION} to production please", "t1")
    lab.work()
    assert (lab.accepted(), outcomes(lab)) == ([0], [])
    lab.say(REACTION, "t2")
    lab.work()
    assert (lab.accepted(), len(outcomes(lab))) == ([1], 1)


def test_a_mention_with_words_of_complaint_is_the_last_reaction_to_the_use_before(lab: CodexLab) -> None:
    unclear(lab)
    lab.say(f"{MENTION} please", "t1")
    lab.say(f"no, wrong: ask for the environment. {MENTION} once more", "t2")
    lab.work()
    (window,) = lab.windows().all_open()
    assert (window.prompt_id[:3], window.accepted) == ("t2:", 0)
    (verdict,) = lab.store.verdicts()
    assert [i.provenance for i in lab.store.invocations()] == ["slash", "slash"]
    assert verdict.invocation_id != window.invocation.id


def test_a_bare_mention_closes_and_does_not_react(lab: CodexLab) -> None:
    lab.say(MENTION, "t1")
    lab.say(MENTION, "t2")
    lab.work()
    assert (lab.accepted(), outcomes(lab), len(lab.store.invocations())) == ([0], [], 2)


def test_a_mention_recorded_twice_is_one(lab: CodexLab) -> None:
    """By the plugin and by hooks.json, say."""
    unclear(lab)
    for _ in range(2):
        lab.say(f"{MENTION} please", "t1")
    for _ in range(2):
        lab.say(REACTION, "t2")
    lab.work()
    assert (lab.accepted(), len(outcomes(lab)), len(lab.store.invocations())) == ([1], 1, 1)


def test_a_message_typed_while_the_turn_runs_is_a_reaction(lab: CodexLab) -> None:
    unclear(lab)
    lab.say(f"{MENTION} please", "t1")
    lab.say("no, not there: to staging", "t1")
    lab.work()
    assert (lab.accepted(), len(outcomes(lab))) == ([1], 1)


def test_a_sub_agents_use_arms_its_parent_and_its_task_is_no_reaction(lab: CodexLab) -> None:
    lab.shell(f"cat {lab.installed()}/SKILL.md", agent_id="a1", transcript_path=str(lab.root / "child.jsonl"))
    lab.say("read the skill and deploy", "t9", agent_id="a1")
    lab.work()
    assert (lab.accepted(), outcomes(lab)) == ([0], [])


def test_a_session_without_a_rollout_is_unclear(lab: CodexLab) -> None:
    lab.shell(f"cat {lab.installed()}/SKILL.md", transcript_path=None)
    lab.say(REACTION, "t2", transcript_path=None)
    lab.work()
    (verdict,) = lab.store.verdicts()
    assert (verdict.outcome, verdict.reason) == ("unclear", "no_transcript")
