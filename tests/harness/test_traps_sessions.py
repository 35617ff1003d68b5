"""Traps around what a session is: resumed, forked, ended by any means, in another home. All with `-p`."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

import pytest

from tests.harness.fake_model import FakeModel, Policy, ScriptedAgent
from tests.harness.test_loop import assert_whole_story, store_of, versions
from tests.harness.world import PUSHBACK, World, verdict

MakeWorld = Callable[[Policy], tuple[World, FakeModel]]


def attributed(world: World) -> list[str]:
    """The session of each attribution row."""
    return sorted(row.session_id for row in store_of(world).attributions())


def test_a_loop_of_resumes_is_one_session(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """Each prompt starts and ends the session; one row, and the window stays open for all of them."""
    world, _ = new_world(agent)
    world.set_up("deploy")
    world.spy()
    agent.judge = verdict("ok")
    session = world.claude.prompt("please deploy the service").session_id
    for text in ("and write the release notes", "thanks", PUSHBACK):
        world.claude.prompt(text, resume=session)
    status = world.settle()
    assert [start["source"] for start in world.told("SessionStart")] == ["startup", "resume", "resume", "resume"]
    assert [end["reason"] for end in world.told("SessionEnd")] == ["other"] * 4
    assert {start["session_id"] for start in world.told("SessionStart")} == {session}
    assert (attributed(world), len(world.log("attributed"))) == ([session], 1)
    reactions = {one for found in store_of(world).verdicts() for one in found.reaction_ids}
    assert (len(reactions), status["windows_open"]) == (2, 0)


def test_windows_do_not_follow_a_fork(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """What is said in the fork is no reaction to the old session; and the old one's window stays open."""
    world, model = new_world(agent)
    world.set_up("deploy")
    world.spy()
    old = world.claude.prompt("please deploy the service").session_id
    fork = world.claude.prompt(PUSHBACK, resume=old, extra=["--fork-session"]).session_id
    status = world.settle()
    assert fork != old
    assert [start["session_id"] for start in world.told("SessionStart")] == [old, old]
    assert world.told("UserPromptSubmit")[-1]["session_id"] == fork
    assert (model.count("judge"), status["windows_open"], attributed(world)) == (0, 1, [old])
    world.claude.prompt(PUSHBACK, resume=old)
    assert_whole_story(world, model, old, "tool")


def test_a_fork_is_attributed_at_its_first_use_of_a_skill(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """It never has a SessionStart of its own. Each session has its window, and its reactions."""
    world, _ = new_world(agent)
    world.set_up("deploy")
    world.spy()
    old = world.claude.prompt("please deploy the service").session_id
    fork = world.claude.prompt("please deploy the service again", resume=old, extra=["--fork-session"]).session_id
    world.claude.prompt("thanks", resume=old)  # its SessionStart starts a worker
    world.settle()
    assert fork not in {start["session_id"] for start in world.told("SessionStart")}
    assert attributed(world) == sorted([old, fork])
    world.claude.prompt(PUSHBACK, resume=fork)
    status = world.settle()
    assert attributed(world) == sorted([old, fork])
    assert len(world.log("attributed")) == 2
    store = store_of(world)
    assert sorted(row.session_id for row in store.invocations()) == sorted([old, fork])
    (found,) = store.verdicts()
    (blamed,) = [row for row in store.invocations() if row.id == found.invocation_id]
    assert (blamed.session_id, versions(world), status["windows_open"]) == (fork, [1, 2], 1)


def test_continue_is_the_same_session(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    world, model = new_world(agent)
    world.set_up("deploy")
    session = world.claude.prompt("please deploy the service").session_id
    assert world.claude.prompt(PUSHBACK, extra=["--continue"]).session_id == session
    assert_whole_story(world, model, session, "tool")


def test_the_transcript_lags_behind_the_hooks(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """At a prompt it lacks that prompt, which the payload has; at a tool it may lack the turn, which we never need."""
    world, model = new_world(agent)
    world.set_up("deploy")
    copies = world.root / "copies"
    copies.mkdir()
    found = f"cat '{world.home}'/.claude/projects/*/*.jsonl 2>/dev/null"

    def add(settings: dict[str, dict[str, list[object]]]) -> None:
        for event in ("SessionStart", "UserPromptSubmit"):
            command = f"{found} > '{copies}'/{event}; true"
            settings["hooks"][event].append({"hooks": [{"type": "command", "command": command}]})

    world.change_settings(add)
    session = world.claude.prompt("please deploy the service").session_id
    seen = {copy.name: copy.read_text() for copy in copies.iterdir()}
    assert seen.keys() == {"SessionStart", "UserPromptSubmit"}
    assert not any("assistant" in text for text in seen.values())
    world.claude.prompt(PUSHBACK, resume=session)
    seen = {copy.name: copy.read_text() for copy in copies.iterdir()}
    assert all("please deploy the service" in text for text in seen.values())
    assert not any(f'"content":{json.dumps(PUSHBACK)},"uuid"' in text for text in seen.values())
    assert_whole_story(world, model, session, "tool")


def test_a_home_of_its_own(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """`CLAUDE_CONFIG_DIR`: hooks, skills and transcripts are there, nothing in the usual home; two homes, two loops."""
    world, model = new_world(agent)
    other = world.root / "work config"
    other.mkdir()
    world.extra_env = {"CLAUDE_CONFIG_DIR": str(other)}
    world.set_up("deploy")
    assert (other / "skills" / "deploy--alice").is_symlink()
    assert list((world.home / ".claude").iterdir()) == []
    session = world.claude.prompt("please deploy the service").session_id
    world.claude.prompt(PUSHBACK, resume=session)
    world.settle()
    assert (attributed(world), model.count("judge"), versions(world)) == ([session], 1, [1, 2])
    assert "environment first" in (other / "skills" / "deploy--alice" / "SKILL.md").read_text()
    world.extra_env = {}
    world.claude.prompt("please deploy the service")
    world.settle()
    assert attributed(world) == [session]


@pytest.mark.parametrize(("variable", "value", "expected"), [
    ("HIVEMIND_SKILLOPT_MODE", "observe", [1, 1, 0]),
    ("HIVEMIND_SKILLOPT_DISABLED", "1", [0, 0, 0]),
])  # fmt: skip
def test_the_env_map_of_the_settings(
    new_world: MakeWorld, agent: ScriptedAgent, variable: str, value: str, expected: list[int]
) -> None:
    """The harness puts it into the hooks' environment, so our switches work there."""
    world, _ = new_world(agent)
    world.set_up("deploy")
    world.change_settings(lambda settings: settings.update(env={variable: value}))
    session = world.claude.prompt("please deploy the service").session_id
    world.claude.prompt(PUSHBACK, resume=session)
    world.settle()
    store = store_of(world)
    assert [len(rows) for rows in (store.invocations(), store.verdicts(), store.proposals())] == expected


def test_one_malformed_foreign_hook(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """The program then drops the whole settings file, silently: nothing is recorded, and nobody is disturbed."""
    world, _ = new_world(agent)
    world.set_up("deploy")
    session = world.claude.prompt("please deploy the service").session_id
    world.wake()
    before = (attributed(world), store_of(world).invocations())
    assert (before[0], len(before[1])) == ([session], 1)
    wrong = {"hooks": [{"type": "no such type"}]}
    world.change_settings(lambda settings: settings["hooks"].update(Stop=[wrong]))
    answer = world.claude.prompt("please deploy the service")
    assert (answer.returncode, answer.stderr) == (0, "")
    world.wake()
    assert (attributed(world), store_of(world).invocations()) == before


def test_a_settings_file_that_stands_twice_fires_once(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """The same commands in the project's settings too: the program runs them once, and ids are derived anyway."""
    world, model = new_world(agent)
    world.set_up("deploy")
    (world.project / ".claude").mkdir()
    text = (world.home / ".claude" / "settings.json").read_text()
    (world.project / ".claude" / "settings.json").write_text(text)
    session = world.claude.prompt("please deploy the service").session_id
    world.claude.prompt(PUSHBACK, resume=session)
    assert_whole_story(world, model, session, "tool")


def test_a_project_of_git_in_a_sub_folder(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """`CLAUDE_PROJECT_DIR` is where the program was started, not the repository; the row names that folder only."""
    world, _ = new_world(agent)
    world.set_up("deploy")
    subprocess.run(["git", "init", "-q", str(world.root)], check=True, timeout=30)
    world.claude.prompt("please write the notes")
    world.settle()
    (row,) = store_of(world).attributions()
    assert row.project == "shop"
