"""install, trust and uninstall with the real Codex: what it lists, runs and keeps."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from hivemind_skillopt.adapters.codex.hooks_file import read_hooks_file
from hivemind_skillopt.adapters.codex.install import PLUGIN
from hivemind_skillopt.bundle import bundle_dir
from hivemind_skillopt.errors import HarnessError
from tests.harness.codex_world import CodexWorld, codex_world
from tests.harness.fake_model import Reply

pytestmark = pytest.mark.real_cli

FOREIGN = '{"hooks": {"PreToolUse": [{"hooks": [{"type": "command", "command": "true"}]}]}}'


def files(world: CodexWorld) -> dict[str, bytes]:
    """Codex's settings, and whatever plugins there are."""
    found = [world.config, world.codex.config / "hooks.json", *(world.codex.config / "plugins").rglob("*")]
    return {str(path): path.read_bytes() for path in found if path.is_file()}


def recorded(world: CodexWorld) -> list[int]:
    """A session that uses the skill: what became of it."""
    assert world.codex.prompt("please deploy the service").text == "Done."
    world.wake()
    return [len(world.log(what)) for what in ("attributed", "window_opened")]


@pytest.mark.parametrize("route", ["plugin", "hooks.json"])
def test_nothing_runs_until_its_user_says_so(tmp_path: Path, route: str) -> None:
    """Then it does, an upgrade changes nothing in that, and uninstall leaves every byte as it was."""
    with codex_world(tmp_path) as (world, _):
        (world.codex.config / "hooks.json").write_text(FOREIGN)
        before = files(world)
        world.set_up("deploy", trust=False, route=route)
        assert recorded(world) == [0, 0]
        assert "3 of them not trusted yet; open `codex`" in world.run("doctor", "--json", code=1).stdout
        assert "launcher codex UserPromptMention || true" in world.run("install", "--trust").stdout
        assert recorded(world) == [1, 1]
        launcher = world.state / "launcher"
        launcher.write_text(launcher.read_text() + "# of another version\n")
        assert "refreshed" in world.run("install").stdout
        assert world.json("doctor")["ok"] is True
        assert "every hook is trusted already" in world.run("install", "--trust").stdout
        if route == "plugin":
            assert "installed, enabled" in world.codex.run("plugin", "list").stdout
        world.run("uninstall")
        assert files(world) == before


def test_the_bundle_can_be_added_by_hand_and_install_takes_over(tmp_path: Path) -> None:
    with codex_world(tmp_path) as (world, _):
        world.codex.run("plugin", "marketplace", "add", str(bundle_dir() / "adapters" / "codex"))
        assert world.codex.run("plugin", "add", PLUGIN).returncode == 0
        (listed,) = world.codex.ask("hooks/list", {"cwds": [str(world.project)]})["data"]
        assert [hook["pluginId"] for hook in listed["hooks"]] == [PLUGIN] * 3
        world.set_up()
        assert "installed, enabled" in world.codex.run("plugin", "list").stdout
        assert world.json("doctor")["ok"] is True


def test_doctor_says_what_the_program_does(tmp_path: Path) -> None:
    """Switched off, disabled, changed behind its user's back: no hook runs, and doctor knows why."""
    with codex_world(tmp_path) as (world, _):
        world.set_up("deploy")
        (hooks,) = (world.codex.config / "plugins").rglob("hooks.json")
        config = world.config.read_text()
        disabled = config.replace("\nenabled = true", "\nenabled = false")
        for file, text, said in (
            (world.config, f"{config}\n[features]\nhooks = false\n", "features.hooks is false"),
            (world.config, disabled, "is disabled in"),
            (
                hooks,
                re.sub(r'("timeout": *)10', r"\g<1>11", hooks.read_text()),
                "3 of them changed since you trusted them",
            ),
        ):
            before = file.read_text()
            file.write_text(text)
            assert said in world.run("doctor", "--json", code=1).stdout
            assert recorded(world) == [0, 0]
            file.write_text(before)
        assert recorded(world) == [1, 1]


def findings(world: CodexWorld, *options: str, code: int = 0) -> str:
    """Doctor's lines."""
    checks = json.loads(world.run("doctor", *options, "--json", code=code).stdout)["checks"]
    return "\n".join(f"{one['check']} {one['level']}: {one['message']}" for one in checks)


def test_doctor_knows_a_launcher_that_is_gone_or_elsewhere(tmp_path: Path) -> None:
    """Codex goes on unharmed, and nothing is recorded."""
    with codex_world(tmp_path) as (world, _):
        world.set_up()
        launcher, moved = world.state / "launcher", tmp_path / "moved"
        text = launcher.read_bytes()
        launcher.unlink()
        assert "launcher is gone, so every hook is silent" in findings(world, code=1)
        assert world.codex.prompt("please write the notes").text == "Noted."
        assert world.inbox() == []
        launcher.write_bytes(text)
        launcher.chmod(0o700)
        world.state.rename(moved)
        world.extra_env = {"HIVEMIND_SKILLOPT_STATE_DIR": str(moved)}
        assert "Codex fail: no hook in ~/.codex/" in findings(world, code=1)
        assert world.run("install", "--yes", "--trust").returncode == 0
        assert "Codex ok: all 3 hooks fire" in findings(world)


def test_doctor_asks_the_real_program_one_question(tmp_path: Path) -> None:
    replies = [Reply.structured({"ok": True})]
    with codex_world(tmp_path) as (world, server):
        world.set_up()
        server.policy = lambda request: replies[0]
        assert "scorer ok: codex answers" in findings(world, "--scorer")
        assert [
            "hivemind-skillopt/doctor prompt" in request.system + request.prompt for request in server.requests
        ] == [True]
        assert world.codex.sessions() == [], "no session is left to continue"
        replies[0] = Reply.error(401, "invalid x-api-key")
        failed = findings(world, "--scorer", code=1)
        assert "scorer fail: codex: " in failed
        assert "401" in failed
        assert "Log in, or mend its API key" in failed


H = '{"hooks": [{"type": "command", "command": "true", "timeout": 10}]}'
PLAIN = f'{{"hooks": {{"SessionStart": [{H}]}}}}'
BESIDE = '"SessionStart": ['


def with_stop(group: str) -> str:
    return PLAIN.replace(BESIDE, f'"Stop": [{group}], {BESIDE}')


TEXTS = {
    "plain": PLAIN,
    "CRLF and tabs": PLAIN.replace(", ", ",\r\n\t"),
    "a description": '{"description": "d", ' + PLAIN[1:],
    "an odd unknown event": PLAIN.replace(BESIDE, f'"Bogus": 7, {BESIDE}'),
    "group without hooks": with_stop('{"matcher": "x"}'),
    "matcher null": with_stop('{"matcher": null, "hooks": []}'),
    "timeout is zero": with_stop('{"hooks": [{"type": "command", "command": "x", "timeout": 0}]}'),
    "unknown keys inside": with_stop('{"x": 1, "hooks": [{"type": "command", "command": "x", "zz": 1}]}'),
    "a prompt": with_stop('{"hooks": [{"type": "prompt", "prompt": "x"}]}'),
    "byte order mark": "\ufeff" + PLAIN,
    "hooks twice": '{"hooks": {}, ' + PLAIN[1:],
    "an event twice": PLAIN.replace(BESIDE, f'"SessionStart": [], {BESIDE}'),
    "comment": "// mine\n" + PLAIN,
    "comma too many": PLAIN[:-1] + ",}",
    "not a number": '{"description": NaN, ' + PLAIN[1:],
    "another key at the top": '{"version": 1, ' + PLAIN[1:],
    "description is no text": '{"description": 7, ' + PLAIN[1:],
    "unknown type": with_stop('{"hooks": [{"type": "bogus", "command": "x"}]}'),
    "no type": with_stop('{"hooks": [{"command": "x"}]}'),
    "no command": with_stop('{"hooks": [{"type": "command"}]}'),
    "command is no text": with_stop('{"hooks": [{"type": "command", "command": 7}]}'),
    "matcher is no text": with_stop('{"matcher": 7, "hooks": []}'),
    "group is no object": with_stop('"x"'),
    "timeout is text": with_stop('{"hooks": [{"type": "command", "command": "x", "timeout": "7"}]}'),
    "timeout is broken": with_stop('{"hooks": [{"type": "command", "command": "x", "timeout": 1.5}]}'),
    "event is an object": PLAIN.replace(BESIDE, f'"Stop": {{}}, {BESIDE}'),
    "event is null": PLAIN.replace(BESIDE, f'"Stop": null, {BESIDE}'),
    "hooks are null": '{"hooks": null}',
}


def accepts(text: str) -> bool:
    try:
        read_hooks_file(text)
    except HarnessError:
        return False
    return True


def test_we_refuse_exactly_what_the_program_ignores(tmp_path: Path) -> None:
    """Each text as the hooks of a trusted project: all are asked about at once."""
    with codex_world(tmp_path) as (world, _):
        folders = {name: tmp_path / "projects" / name for name in TEXTS}
        for name, folder in folders.items():
            (folder / ".codex").mkdir(parents=True)
            (folder / ".codex" / "hooks.json").write_bytes(TEXTS[name].encode())
        trusted = "".join(f'[projects."{folder}"]\ntrust_level = "trusted"\n' for folder in folders.values())
        world.config.write_text(world.config.read_text() + trusted)
        listed = world.codex.ask("hooks/list", {"cwds": [str(folder) for folder in folders.values()]})
        seen = {Path(found["cwd"]).name: bool(found["hooks"]) for found in listed["data"]}
    assert seen == {name: accepts(text) for name, text in TEXTS.items()}
