"""The main job with the real Claude Code: used -> pushback -> version 2 on disk."""

from __future__ import annotations

from collections.abc import Callable

from tests.harness.fake_model import FakeModel, ScriptedAgent
from tests.harness.world import NEW_LINE, PUSHBACK, QUOTE, World

MakeWorld = Callable[[ScriptedAgent], tuple[World, FakeModel]]


def test_the_model_uses_the_skill_and_the_user_pushes_back(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    world, model = new_world(agent)
    world.set_up("deploy")
    session = world.claude.prompt("please deploy the service").session_id
    world.claude.prompt(PUSHBACK, resume=session)
    world.settle()
    history = world.json("history", "deploy--alice")
    assert [version["version"] for version in history] == [1, 2]
    assert history[1]["parent_sha256"] == history[0]["sha256"]
    assert NEW_LINE in world.installed_text()
    print(world.run("log").stdout, world.run("status").stdout)
    assert QUOTE in str(world.json("log"))
