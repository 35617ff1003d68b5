"""Traps around which skill it was: names, copies, sub-agents, forks, and what may not be called. All with `-p`."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.harness.fake_model import FakeModel, Policy, ScriptedAgent
from tests.harness.policies import Calling, delegate
from tests.harness.test_loop import assert_whole_story, store_of, versions
from tests.harness.world import PUSHBACK, SKILL, World

MakeWorld = Callable[[Policy], tuple[World, FakeModel]]

THEIRS = """---
name: deploy--alice
description: deploys another way
{more}---

# Deploy

1. Build the service.
2. Deploy it to production.
3. Tell the user that it is live.
"""
"""The org skill's own text but for the front matter: only the folder tells them apart."""


def set_up_with(world: World, front_matter: str) -> None:
    """Install, push a skill of alice with one more line in its front matter, pull."""
    folder = world.write_skill()
    text = SKILL.format(name="deploy", title="Deploy").replace("\n---\n\n#", f"\n{front_matter}\n---\n\n#")
    (folder / "SKILL.md").write_text(text)
    world.run_all(("install", "--yes"), ("push", str(folder)), ("pull",))
    world.spy()


def plugin(world: World, more: str = "") -> list[str]:
    """A foreign plugin with a skill of our skill's name; the arguments that load it."""
    folder = world.root / "theirs"
    (folder / ".claude-plugin").mkdir(parents=True)
    manifest = {"name": "theirs", "version": "1.0.0", "description": "d", "author": {"name": "bob"}}
    (folder / ".claude-plugin" / "plugin.json").write_text(json.dumps(manifest))
    write_copy(folder / "skills", more)
    return ["--plugin-dir", str(folder)]


def write_copy(root: Path, more: str = "") -> None:
    """A folder of our skill's name and text."""
    (root / "deploy--alice").mkdir(parents=True)
    (root / "deploy--alice" / "SKILL.md").write_text(THEIRS.format(more=more))


def skill_calls(world: World) -> list[str]:
    """What the program said that the model called."""
    return [p["tool_input"]["skill"] for p in world.told("PreToolUse") if p["tool_name"] == "Skill"]


def use_and_push_back(world: World, prompt: str = "please deploy the service", *extra: str) -> str:
    """The skill is used and complained of; the session."""
    session = world.claude.prompt(prompt, extra=extra).session_id
    world.claude.prompt(PUSHBACK, resume=session, extra=extra)
    return session


def assert_not_blamed(world: World) -> None:
    """A verdict there may be; it names no version of ours, and nothing follows."""
    world.settle()
    store = store_of(world)
    assert {found.version_source for found in store.verdicts()} == {"unknown"}
    assert [found.version for found in store.verdicts()] == [None]
    assert (store.proposals(), versions(world)) == ([], [1])


@pytest.mark.parametrize("background", [False, True])
def test_a_sub_agents_call(new_world: MakeWorld, agent: ScriptedAgent, background: bool) -> None:
    """It arms the parent's window, by the body in the sub-agent's own file. Neither its prompt nor the notification
    that a background one has ended is a reaction."""
    call = delegate("please deploy the service", background=background)
    world, model = new_world(Calling(agent, {"ask somebody": call}))
    world.set_up("deploy")
    world.spy()
    session = world.claude.prompt("ask somebody to do it").session_id
    status = world.wake()
    assert (model.count("judge"), status["windows_open"]) == (0, 1)
    (used,) = [payload for payload in world.told("PreToolUse") if payload["tool_name"] == "Skill"]
    assert used["agent_id"]
    assert used["session_id"] == session
    prompts = [payload["prompt"] for payload in world.told("UserPromptSubmit")]
    assert [prompt.startswith("<task-notification>") for prompt in prompts] == [False, True][: 1 + background]
    world.claude.prompt(PUSHBACK, resume=session)
    assert_whole_story(world, model, session, "tool")


def test_a_sub_agents_call_in_a_turn_that_nobody_typed(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """A background agent has ended and the agent goes on by itself: no human turn has the call's `prompt_id`."""
    calls = {
        "ask somebody": delegate("look around first", background=True),
        "<task-notification>": delegate("please deploy the service"),
    }
    world, model = new_world(Calling(agent, calls))
    world.set_up("deploy")
    world.spy()
    session = world.claude.prompt("ask somebody to do it").session_id
    (used,) = [payload for payload in world.told("PreToolUse") if payload["tool_name"] == "Skill"]
    (notified,) = [p for p in world.told("UserPromptSubmit") if p["prompt"].startswith("<task-notification>")]
    assert used["prompt_id"] == notified["prompt_id"]
    world.claude.prompt(PUSHBACK, resume=session)
    assert_whole_story(world, model, session, "tool")


def test_a_forked_skill(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """PreToolUse comes from the parent; the body is in the file of the sub-agent that runs it."""
    world, model = new_world(agent)
    set_up_with(world, "context: fork")
    session = use_and_push_back(world)
    assert len(world.told("SubagentStart")) == 1
    assert_whole_story(world, model, session, "tool")


def test_a_typed_forked_skill(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """It is no prompt at all (no UserPromptSubmit), and stands in the transcript as it was typed."""
    world, model = new_world(agent)
    set_up_with(world, "context: fork")
    session = use_and_push_back(world, "/deploy--alice staging")
    assert [prompt["prompt"] for prompt in world.told("UserPromptSubmit")] == [PUSHBACK]
    assert_whole_story(world, model, session, "slash")


def test_a_forked_skill_of_a_plugin_is_not_ours(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    agent.skill_for = {"please deploy": ["theirs:deploy--alice"]}
    world, _ = new_world(agent)
    world.set_up("deploy")
    world.spy()
    use_and_push_back(world, "please deploy the service", *plugin(world, "context: fork\n"))
    assert len(world.told("SubagentStart")) == 1
    assert_not_blamed(world)


def test_a_skill_that_the_model_may_not_call(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """The call fails before PreToolUse: no use. Typed by the user it is one."""
    world, model = new_world(agent)
    set_up_with(world, "disable-model-invocation: true")
    refused = use_and_push_back(world)
    world.settle()
    assert (skill_calls(world), store_of(world).invocations(), model.count("judge")) == ([], [], 0)
    assert "disable-model-invocation" in world.claude.transcript(refused).read_text()
    session = use_and_push_back(world, "/deploy--alice staging")
    status = world.settle()
    store = store_of(world)
    assert [(row.provenance, row.session_id) for row in store.invocations()] == [("slash", session)]
    assert (versions(world), status["windows_open"]) == ([1, 2], 0)


def test_an_unknown_skill(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """No event for it, whoever names it; and none of ours by its side."""
    agent.skill_for = {"please deploy": ["nothing--alice"]}
    world, model = new_world(agent)
    world.set_up("deploy")
    world.spy()
    use_and_push_back(world)
    use_and_push_back(world, "/nothing--alice staging")
    world.settle()
    assert (skill_calls(world), world.told("UserPromptExpansion")) == ([], [])
    assert (store_of(world).invocations(), model.count("judge")) == ([], 0)


def test_a_skill_that_the_user_may_not_type(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    world, model = new_world(agent)
    set_up_with(world, "user-invocable: false")
    use_and_push_back(world, "/deploy--alice staging")
    world.settle()
    assert (world.told("UserPromptExpansion"), store_of(world).invocations(), model.count("judge")) == ([], [], 0)
    session = use_and_push_back(world)
    world.settle()
    assert [(row.provenance, row.session_id) for row in store_of(world).invocations()] == [("tool", session)]
    assert versions(world) == [1, 2]


def test_a_leading_slash_of_the_model(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    agent.skill_for = {"please deploy": ["/deploy--alice"]}
    world, model = new_world(agent)
    world.set_up("deploy")
    world.spy()
    session = use_and_push_back(world)
    assert skill_calls(world) == ["/deploy--alice"]
    assert_whole_story(world, model, session, "tool")


@pytest.mark.parametrize("prompt", ["please deploy the service", "/theirs:deploy--alice staging"])
def test_a_plugins_skill_of_the_same_name(new_world: MakeWorld, agent: ScriptedAgent, prompt: str) -> None:
    """The qualified name ends in ours; the folder that was loaded does not lie."""
    agent.skill_for = {"please deploy": ["theirs:deploy--alice"]}
    world, _ = new_world(agent)
    world.set_up("deploy")
    use_and_push_back(world, prompt, *plugin(world))
    assert_not_blamed(world)


def test_a_bare_name_that_only_the_plugin_has_now(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """The user has removed our link by hand: the plugin's skill answers to the bare name."""
    world, _ = new_world(agent)
    world.set_up("deploy")
    world.extra_env = {"HIVEMIND_AUTOPULL_DISABLED": "1"}
    (world.home / ".claude" / "skills" / "deploy--alice").unlink()
    use_and_push_back(world, "please deploy the service", *plugin(world))
    world.settle()
    assert [found.version for found in store_of(world).verdicts()] in ([], [None])
    assert versions(world) == [1]


def test_the_users_copy_runs_beside_the_projects(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    world, model = new_world(agent)
    world.set_up("deploy")
    write_copy(world.project / ".claude" / "skills")
    session = use_and_push_back(world)
    assert_whole_story(world, model, session, "tool")


def test_the_projects_copy_that_ran_is_not_blamed(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """It runs once ours is gone: `-p` keeps what it found at its start, the link comes back later."""
    world, _ = new_world(agent)
    world.set_up("deploy")
    write_copy(world.project / ".claude" / "skills")
    link = world.home / ".claude" / "skills" / "deploy--alice"
    target = link.readlink()
    link.unlink()
    world.extra_env = {"HIVEMIND_AUTOPULL_DISABLED": "1"}
    agent.before_skill_call = lambda: link.symlink_to(target)
    use_and_push_back(world)
    assert link.exists()
    assert_not_blamed(world)


def test_a_call_that_another_hook_denies(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """Our hook runs beside it and cannot know; the transcript says that the skill was never loaded."""
    world, _ = new_world(agent)
    world.set_up("deploy")
    answer = {"hookEventName": "PreToolUse", "permissionDecision": "deny", "permissionDecisionReason": "not today"}
    deny = f"echo {shlex.quote(json.dumps({'hookSpecificOutput': answer}))}"
    entry = {"matcher": "Skill", "hooks": [{"type": "command", "command": deny}]}
    world.change_settings(lambda settings: settings["hooks"]["PreToolUse"].append(entry))
    session = use_and_push_back(world)
    assert "not today" in world.claude.transcript(session).read_text()
    assert_not_blamed(world)
