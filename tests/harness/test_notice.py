"""The line at a session's start, in the real programs: the person sees it, once, and the model never does."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.harness.claude_code import TuiSession, missing_tmux
from tests.harness.codex_world import codex_world
from tests.harness.fake_model import FakeModel, Policy, ScriptedAgent
from tests.harness.requirements import require
from tests.harness.world import NEW_LINE, World, wait_until

MakeWorld = Callable[[Policy], tuple[World, FakeModel]]

LINE = f'deploy--alice v2: "{NEW_LINE[3:]}"; hivemind-skillopt blame deploy--alice'


@pytest.fixture(autouse=True)
def _tmux() -> None:
    if missing_tmux():
        require(missing_tmux())


def somebody_else_publishes(world: World) -> None:
    """bob, at his machine."""
    skill = world.write_skill() / "SKILL.md"
    skill.write_text(skill.read_text().replace("2. Deploy it to production.", NEW_LINE))
    mine, world.extra_env = world.extra_env, {"HIVEMIND_USER": "bob"}
    world.run("push", str(skill.parent), "--author", "alice")
    world.extra_env = mine


def words(screen: str) -> str:
    """Without the terminal's line breaks."""
    return " ".join(screen.split())


def asked(model: FakeModel) -> str:
    """Everything that was sent to the model."""
    return " ".join(f"{request.system} {request.messages}" for request in model.requests)


def test_claude_code(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """A session without a terminal brings the version, the next one leaves the line to one that has a person."""
    world, model = new_world(agent)
    world.set_up("deploy")
    world.spy()
    somebody_else_publishes(world)
    notice = world.state / "notice-claude_code"
    world.claude.prompt("hello")
    wait_until(notice.exists, "the line")
    assert "blame" not in world.claude.run(["-p", "hello", "--output-format", "stream-json", "--verbose"]).stdout
    assert notice.exists()
    with TuiSession(world.claude) as tui:
        tui.wait_for("SessionStart:startup says: deploy--alice v2")
        tui.type("hello there")
        session = str(world.wait_for("Stop", 3)["session_id"])
        assert words(tui.capture()).count(LINE) == 1
        wait_until(lambda: world.claude.keeps(session, agent.chat), "the answer in the transcript")
    assert world.claude.prompt("and again", resume=session).returncode == 0
    assert (model.count("agent"), "blame" in asked(model), notice.exists()) == (4, False, False)


def test_codex(tmp_path: Path) -> None:
    with codex_world(tmp_path) as (world, model):
        world.set_up("deploy")
        somebody_else_publishes(world)
        world.codex.prompt("hello")
        wait_until((world.state / "notice-codex").exists, "the line")
        with world.codex.tui() as tui:
            for text in ("hello there", "and again"):
                answers = model.count("agent")
                tui.type(text)
                wait_until(lambda seen=answers: model.count("agent") > seen, "the answer")  # type: ignore[misc]
            assert words(tui.capture()).count(f"Hook \u00b7 {LINE}") == 1
        assert ("blame" in asked(model), os.listdir(world.state).count("notice-codex")) == (False, False)
