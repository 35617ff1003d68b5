"""The checkout as a Claude Code plugin: valid, working by itself, and counted once beside a settings install."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from hivemind_skillopt.bundle import bundle_dir
from tests.harness.fake_model import FakeModel, ScriptedAgent
from tests.harness.test_loop import assert_whole_story
from tests.harness.world import PUSHBACK, World

MakeWorld = Callable[[ScriptedAgent], tuple[World, FakeModel]]
MANIFEST = Path(__file__).parents[2] / ".claude-plugin" / "plugin.json"


def plugin(world: World) -> Path:
    """What a harness reads of the checkout."""
    folder = world.root / "plugin"
    shutil.copytree(bundle_dir() / "hooks", folder / "hooks")
    (folder / ".claude-plugin").mkdir()
    shutil.copy(MANIFEST, folder / ".claude-plugin")
    return folder


def test_it_is_valid(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    world, _ = new_world(agent)
    done = world.claude.run(["plugin", "validate", "--strict", str(plugin(world))])
    assert done.returncode == 0, done.stdout + done.stderr


def test_plugin_and_settings_together_count_once(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    world, model = new_world(agent)
    world.set_up("deploy")
    extra = ["--plugin-dir", str(plugin(world))]
    session = world.claude.prompt("please deploy the service", extra=extra).session_id
    world.claude.prompt(PUSHBACK, resume=session, extra=extra)
    assert_whole_story(world, model, session, "tool")


def test_the_plugin_alone_works_once_the_launcher_is_there(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    world, model = new_world(agent)
    world.set_up("deploy")
    settings = world.home / ".claude" / "settings.json"
    assert "launcher" in settings.read_text()
    settings.write_text(json.dumps({}))
    extra = ["--plugin-dir", str(plugin(world))]
    session = world.claude.prompt("please deploy the service", extra=extra).session_id
    world.claude.prompt(PUSHBACK, resume=session, extra=extra)
    assert_whole_story(world, model, session, "tool")


def test_the_plugin_without_a_launcher_is_silent(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    world, _ = new_world(agent)
    answer = world.claude.prompt("please write the notes", extra=["--plugin-dir", str(plugin(world))])
    assert (answer.returncode, answer.stderr, world.inbox()) == (0, "", [])
