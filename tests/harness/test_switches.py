"""The opt-outs and modes, each with the real Claude Code: they do what they say."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.harness.fake_model import FakeModel, ScriptedAgent
from tests.harness.test_loop import store_of, versions
from tests.harness.world import PUSHBACK, World

MakeWorld = Callable[[ScriptedAgent], tuple[World, FakeModel]]


def one_turn(world: World) -> None:
    session = world.claude.prompt("please deploy the service").session_id
    world.claude.prompt(PUSHBACK, resume=session)


def everything(world: World) -> list[int]:
    """Counts: attributions, invocations, verdicts, proposals, versions."""
    store = store_of(world)
    rows = (store.attributions(), store.invocations(), store.verdicts(), store.proposals(), versions(world))
    return [len(found) for found in rows]


@pytest.mark.parametrize("how", ["variable", "file", "config"])
def test_disabled(new_world: MakeWorld, agent: ScriptedAgent, how: str) -> None:
    world, model = new_world(agent)
    world.set_up("deploy")
    if how == "variable":
        world.extra_env = {"HIVEMIND_SKILLOPT_DISABLED": "1"}
    elif how == "file":
        (world.state / "disabled").touch()
    else:
        config = world.home / ".config" / "hivemind-skillopt" / "config.toml"
        config.parent.mkdir(parents=True)
        config.write_text("disabled = true\n")
    one_turn(world)
    assert world.workers() == [] or how == "config"
    assert (everything(world), model.count("judge")) == ([0, 0, 0, 0, 1], 0)
    deadline = time.monotonic() + 30
    while world.workers() and time.monotonic() < deadline:  # a recorder reads no TOML; the worker that it starts does
        time.sleep(0.1)
    assert world.inbox() == []


def test_attribution_off(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    world, _ = new_world(agent)
    world.set_up("deploy")
    world.extra_env = {"HIVEMIND_SKILL_ATTRIBUTION": "0"}
    one_turn(world)
    world.settle()
    assert everything(world) == [0, 1, 1, 1, 2]


def test_mode_off_attributes_and_pulls_but_judges_nothing(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    world, model = new_world(agent)
    world.set_up("deploy")
    world.extra_env = {"HIVEMIND_SKILLOPT_MODE": "off"}
    one_turn(world)
    world.settle()
    assert (everything(world), model.count("judge")) == ([1, 0, 0, 0, 1], 0)


def test_mode_observe_judges_only(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    world, model = new_world(agent)
    world.set_up("deploy")
    world.extra_env = {"HIVEMIND_SKILLOPT_MODE": "observe"}
    one_turn(world)
    world.settle()
    assert (everything(world), model.count("proposer")) == ([1, 1, 1, 0, 1], 0)


def test_mode_review_waits_for_a_person(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    world, _ = new_world(agent)
    world.set_up("deploy")
    world.extra_env = {"HIVEMIND_SKILLOPT_MODE": "review"}
    one_turn(world)
    world.settle()
    assert everything(world) == [1, 1, 1, 1, 1]
    (proposal,) = store_of(world).proposals()
    assert (proposal.status, {check.result for check in proposal.checks}) == ("held", {"pass"})


@pytest.mark.parametrize(("policy", "expected"), [("review", [1, 1, 1, 1, 1]), ("locked", [1, 1, 1, 0, 1])])
def test_the_skills_policy(new_world: MakeWorld, agent: ScriptedAgent, policy: str, expected: list[int]) -> None:
    world, _ = new_world(agent)
    world.run("install", "--yes")
    world.run("push", str(world.write_skill()), "--policy", policy)
    world.run("pull")
    one_turn(world)
    world.settle()
    assert everything(world) == expected


def test_the_stricter_mode_of_then_and_now_wins(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """The skill was used in mode review; the reaction comes in mode auto."""
    world, _ = new_world(agent)
    world.set_up("deploy")
    world.extra_env = {"HIVEMIND_SKILLOPT_MODE": "review"}
    session = world.claude.prompt("please deploy the service").session_id
    world.extra_env = {}
    world.claude.prompt(PUSHBACK, resume=session)
    world.settle()
    assert everything(world) == [1, 1, 1, 1, 1]
