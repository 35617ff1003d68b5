"""install and the real Claude Code: what it reads of settings.json, and that our hooks fire from there."""

from __future__ import annotations

import json
import subprocess
import venv
from collections.abc import Callable
from pathlib import Path

import click
import pytest

import hivemind_skillopt
from hivemind_skillopt.adapters.claude_code.settings_file import read_settings
from hivemind_skillopt.errors import HarnessError
from tests.harness.fake_model import FakeModel, Policy, Reply, ScriptedAgent
from tests.harness.world import World

MakeWorld = Callable[[Policy], tuple[World, FakeModel]]

FIRES = '{"hooks": [{"type": "command", "command": "echo \\"[$PROBE]\\" > \\"$HOME/fired\\""}]}'
PLAIN = f'{{"env": {{"PROBE": "yes"}}, "hooks": {{"SessionStart": [{FIRES}]}}}}'
BESIDE = '"SessionStart": ['


def with_stop(entry: str) -> str:
    return PLAIN.replace(BESIDE, f'"Stop": [{entry}], {BESIDE}')


TEXTS = {
    "plain": PLAIN,
    "byte order mark, CRLF, tabs": "\ufeff" + PLAIN.replace(", ", ",\r\n\t"),
    "keys twice": '{"hooks": {"SessionStart": []}, ' + PLAIN[1:],
    "an odd unknown event": PLAIN.replace(BESIDE, f'"Bogus": 7, {BESIDE}'),
    "entry without hooks in it": with_stop('{"hooks": []}'),
    "comment": "// mine\n" + PLAIN,
    "comment inside": PLAIN.replace(BESIDE, f"/* mine */ {BESIDE}"),
    "comma too many": PLAIN[:-1] + ",}",
    "not a number": '{"x": NaN, ' + PLAIN[1:],
    "unknown type": with_stop('{"hooks": [{"type": "bogus", "command": "x"}]}'),
    "no type": with_stop('{"hooks": [{"command": "x"}]}'),
    "matcher is no text": with_stop('{"matcher": 7, "hooks": []}'),
    "entry is no object": with_stop('"x"'),
    "timeout is zero": with_stop('{"hooks": [{"type": "command", "command": "x", "timeout": 0}]}'),
}


def accepts(text: str) -> bool:
    try:
        read_settings(text)
    except HarnessError:
        return False
    return True


def test_we_refuse_exactly_what_the_program_ignores(new_world: MakeWorld) -> None:
    """Each text with an `env` entry and a hook that writes it down."""
    world, _ = new_world(ScriptedAgent())
    fired = world.home / "fired"
    seen = {}
    for name, text in TEXTS.items():
        (world.home / ".claude" / "settings.json").write_bytes(text.encode())
        assert world.claude.prompt("hello").returncode == 0
        seen[name] = fired.exists() and fired.read_text() == "[yes]\n"
        fired.unlink(missing_ok=True)
    assert seen == {name: accepts(text) for name, text in TEXTS.items()}


RICH = (
    '\ufeff{\r\n\t"env": { "PROBE":"yes" },\r\n\t"permissions": {"allow": ["Bash(ls:*)"]},\r\n\r\n'
    '\t"hooks": {"SessionStart":[' + FIRES + '],\r\n\t\t"Stop" : [ ]}\r\n}'
)


def test_our_hooks_fire_from_a_rich_file_and_the_foreign_ones_still_do(
    new_world: MakeWorld, agent: ScriptedAgent
) -> None:
    world, _ = new_world(agent)
    settings = world.home / ".claude" / "settings.json"
    settings.write_bytes(RICH.encode())
    world.set_up("deploy")
    world.claude.prompt("please deploy the service")
    world.settle_after_use()
    assert (world.home / "fired").read_text() == "[yes]\n"
    assert [len(world.log(what)) for what in ("attributed", "window_opened")] == [1, 1]
    world.run("uninstall")
    assert settings.read_bytes() == RICH.encode()
    (world.home / "fired").unlink()
    world.claude.prompt("please deploy the service")
    assert (world.home / "fired").exists()
    assert (world.inbox(), len(world.log("attributed"))) == ([], 1)


def test_spaces_quotes_and_letters_in_every_path(tmp_path: Path, new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """Of the home, the project and the environment."""
    plain, _ = new_world(agent)
    root = tmp_path / 'my $home\'s "\u00fcn\u00ef" `x`'
    root.mkdir()
    world = World(root, plain.binary, plain.model_url)
    venv.create(root / "my env", with_pip=False, symlinks=True)
    python = root / "my env" / "bin" / "python"
    (site,) = (root / "my env" / "lib").glob("python*/site-packages")
    packages = {Path(str(module.__file__)).resolve().parents[1] for module in (click, hivemind_skillopt)}
    (site / "here.pth").write_text("".join(f"{path}\n" for path in packages))
    argv = [str(python), "-m", "hivemind_skillopt", "install", "--yes", "--json"]
    done = subprocess.run(argv, env=world.claude.env(), cwd=root, capture_output=True, timeout=120, check=True)
    assert json.loads(done.stdout)[0]["python"] == str(python)
    world.run("push", str(world.write_skill()))
    world.run("pull")
    world.claude.prompt("please deploy the service")
    world.settle_after_use()
    assert [len(world.log(what)) for what in ("attributed", "window_opened")] == [1, 1]
    done = subprocess.run(
        [*argv[:3], "doctor", "--json"], env=world.claude.env(), cwd=root, capture_output=True, timeout=120
    )
    assert json.loads(done.stdout)["ok"] is True, done.stdout
    world.run("uninstall", "--purge", "--yes")
    assert not (world.home / ".local").exists()


@pytest.mark.parametrize("damage", ["launcher gone", "launcher not executable", "one hook less", "hooks disabled"])
def test_doctor_says_what_the_program_does(new_world: MakeWorld, agent: ScriptedAgent, damage: str) -> None:
    """It says ok, and a session is recorded; it names the damage, and a session goes on unharmed and unrecorded."""
    world, _ = new_world(agent)
    world.set_up("deploy")
    assert world.json("doctor")["ok"] is True
    launcher, settings = world.state / "launcher", world.home / ".claude" / "settings.json"
    found = json.loads(settings.read_text())
    if damage == "launcher gone":
        launcher.unlink()
    elif damage == "launcher not executable":
        launcher.chmod(0o600)
    elif damage == "one hook less":
        del found["hooks"]["SessionStart"]
        settings.write_text(json.dumps(found))
    else:
        settings.write_text(json.dumps({**found, "disableAllHooks": True}))
    words = {"one hook less": "hook for SessionStart is not in", "hooks disabled": "disableAllHooks is true"}
    assert words.get(damage, damage.removeprefix("launcher ")) in world.run("doctor", "--json", code=1).stdout
    answer = world.claude.prompt("please write the notes")
    assert (answer.returncode, answer.stderr, world.inbox(), world.log("attributed")) == (0, "", [], [])


def test_doctor_asks_the_real_program_one_question(new_world: MakeWorld) -> None:
    replies = [Reply.structured({"ok": True})]
    asks = "hivemind-skillopt/doctor prompt"
    world, model = new_world(lambda request: replies[0] if asks in request.system else Reply.text("Noted."))
    world.set_up("deploy")
    checks = json.loads(world.run("doctor", "--scorer", "--json").stdout)["checks"]
    assert (checks[-1]["check"], checks[-1]["level"]) == ("scorer", "ok")
    assert model.requests
    assert world.claude.sessions() == [], "no session is left to continue"
    replies[0] = Reply.error(401, "invalid x-api-key")
    failed = json.loads(world.run("doctor", "--scorer", "--json", code=1).stdout)["checks"][-1]
    assert failed["level"] == "fail"
    assert "Invalid API key" in failed["message"]
    assert "Log in, or mend its API key" in failed["message"]
