"""install, doctor and uninstall in a Hermes home with a person's own entries, and the real program on them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.fake_model import Reply
from tests.harness.hermes_world import HermesWorld, hermes_world
from tests.harness.test_loop import store_of

pytestmark = pytest.mark.real_cli

MINE = """\
# mine as well
plugins:
  enabled:
    - mine   # my own
  # disabled: []
skills:
  external_dirs: [~/my-skills]   # shared
"""
MY_PLUGIN = "import pathlib\n\ndef register(ctx):\n    pathlib.Path(__file__).with_name('ran').touch()\n"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[HermesWorld]:
    with hermes_world(tmp_path) as (world, _):
        plugin = world.hermes.config / "plugins" / "mine"
        plugin.mkdir(parents=True)
        (plugin / "plugin.yaml").write_text("name: mine\n")
        (plugin / "__init__.py").write_text(MY_PLUGIN)
        (world.hermes.config / "config.yaml").write_text(world.config_text + MINE)
        yield world


def failures(world: HermesWorld) -> list[str]:
    told = json.loads(world.run("doctor", "--json", code=1).stdout)
    return [one["message"] for one in told["checks"] if one["level"] == "fail"]


def findings(world: HermesWorld, code: int = 0, check: str = "Hermes", *options: str) -> list[str]:
    told = json.loads(world.run("doctor", "--json", *options, code=code).stdout)
    return [one["message"] for one in told["checks"] if one["check"] == check]


def test_in_and_out_again_with_the_real_program_in_between(world: HermesWorld) -> None:
    config, plugins = world.config_text, world.hermes.config / "plugins"
    world.set_up("deploy")
    assert world.hermes.prompt("please deploy the service").returncode == 0
    world.wake()
    assert (plugins / "mine" / "ran").exists()
    assert (plugins / "hivemind-skillopt" / "__pycache__").is_dir()
    assert len(store_of(world).attributions()) == 1
    world.run("unpull", "--all")
    world.run("uninstall")
    assert world.config_text == config
    assert [path.name for path in plugins.iterdir()] == ["mine"]
    assert not world.skills.exists()
    again = world.hermes.prompt("please deploy the service")
    assert again.returncode == 0
    assert (world.inbox(), len(store_of(world).attributions())) == ([], 1)


def test_doctor_tells_a_plugin_that_will_not_run_from_one_that_does(world: HermesWorld) -> None:
    world.run("install", "--yes")
    assert any("all 3 hooks fire" in message for message in findings(world))
    config = world.hermes.config / "config.yaml"
    there = config.read_text()
    config.write_text(there.replace("    - hivemind-skillopt\n", ""))
    assert any("is not in" in message for message in findings(world, code=1))
    config.write_text(there.replace("  # disabled: []", "  disabled: [hivemind-skillopt]"))
    assert any("plugins.disabled" in message for message in findings(world, code=1))


def test_doctor_tells_of_a_plugin_that_runs_another_launcher(world: HermesWorld) -> None:
    """Of a state directory that was moved, say. Another install mends it."""
    world.run("install", "--yes")
    module = world.hermes.config / "plugins" / "hivemind-skillopt" / "__init__.py"
    module.write_text(module.read_text().replace(str(world.state / "launcher"), "/moved/launcher"))
    (message,) = failures(world)
    assert message.endswith("runs ~/.local/state/hivemind-skillopt/launcher; run `hivemind-skillopt install`")
    assert message.startswith("no hook in ~/.hermes/plugins/hivemind-skillopt/plugin.yaml or ")
    world.run("install", "--yes")
    assert any("all 3 hooks fire" in message for message in findings(world))


def test_doctor_tells_of_a_launcher_that_is_gone(world: HermesWorld) -> None:
    world.run("install", "--yes")
    (world.state / "launcher").unlink()
    (message,) = failures(world)
    assert message == (
        "~/.local/state/hivemind-skillopt/launcher is gone, so every hook is silent; run `hivemind-skillopt install`"
    )


def test_doctor_tells_of_a_profile_that_hermes_starts_in_instead(world: HermesWorld) -> None:
    world.run("install", "--yes")
    world.profile("work")
    (world.hermes.config / "active_profile").write_text("work\n")
    assert world.hermes.prompt("hello").text == "Noted."
    assert (world.inbox(), store_of(world).attributions()) == ([], [])
    assert any("the profile work" in message for message in findings(world, code=1))


def test_doctor_asks_the_real_program_on_request(tmp_path: Path) -> None:
    with hermes_world(tmp_path, lambda request: Reply.structured({"ok": True})) as (world, model):
        world.run("install", "--yes")
        assert (findings(world, check="scorer"), model.requests) == ([], [])
        assert findings(world, 0, "scorer", "--scorer") == ["hermes answers, model unknown"]


def test_doctor_explains_a_key_that_is_not_valid_in_one_line(tmp_path: Path) -> None:
    with hermes_world(tmp_path, lambda request: Reply.error(401)) as (world, _):
        world.run("install", "--yes")
        (message,) = findings(world, 1, "scorer", "--scorer")
        assert message == "hermes: HTTP 401: scripted failure. Log in, or mend its API key"


def test_a_plugin_that_fails_never_breaks_a_turn(world: HermesWorld) -> None:
    """The state directory cannot be written, then the launcher is garbage, then it is gone."""
    world.run("install", "--yes")
    launcher = world.state / "launcher"
    (world.state / "inbox").rmdir()
    (world.state / "inbox").write_text("no folder")
    assert world.hermes.prompt("hello").text == "Noted."
    launcher.write_text("exec '")
    assert world.hermes.prompt("hello").text == "Noted."
    launcher.unlink()
    assert world.hermes.prompt("hello").text == "Noted."


def test_safe_mode_runs_none_of_it(world: HermesWorld) -> None:
    """What keeps the worker's own runs apart, beside the guard."""
    world.set_up("deploy")
    world.extra_env = {"HERMES_SAFE_MODE": "1"}
    assert world.hermes.prompt("please deploy the service").returncode == 0
    world.extra_env = {"HIVEMIND_SKILLOPT_WORKER": "1"}
    assert world.hermes.prompt("please deploy the service").returncode == 0
    world.extra_env = {}
    assert (world.inbox(), world.workers()) == ([], [])
