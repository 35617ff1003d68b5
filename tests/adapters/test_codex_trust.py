"""What doctor and `install --trust` make of Codex's answers; the answers are of the recorded shape (contract 2)."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from hivemind_skillopt.adapters.codex import trust, trusted_hash
from hivemind_skillopt.adapters.codex.install import groups, with_hooks
from hivemind_skillopt.errors import HarnessError
from hivemind_skillopt.harness import Completed

PAYLOADS = Path(__file__).parents[1] / "payloads" / "codex"
HOME = Path("/home/dev/.codex")
LAUNCHER = Path("/home/dev/.local/state/hivemind-skillopt/launcher")
COMMANDS = groups(LAUNCHER).wanted()


def hook(event: str, command: str, **facts: object) -> dict[str, object]:
    listed = {"key": f"k:{event}", "eventName": event, "command": command, "currentHash": f"sha256:{event}/sha256:x"}
    return {**listed, "enabled": True, "trustStatus": "trusted", "pluginId": None, "displayOrder": 0, **facts}


def ours(**facts: object) -> list[dict[str, object]]:
    return [hook(event, command, **facts) for event, command in COMMANDS.items()]


class Program:
    """`codex app-server`, which lists these hooks; `asked` is what it was told."""

    def __init__(self, hooks: list[dict[str, object]], warnings: Sequence[str] = (), reply: str = "") -> None:
        self.result = {"data": [{"cwd": str(HOME), "hooks": hooks, "warnings": list(warnings), "errors": []}]}
        self.reply = reply
        self.asked: list[dict[str, Any]] = []

    def __call__(self, arguments: Sequence[str], stdin: str, until: str = "") -> Completed:
        assert list(arguments) == ["app-server"]
        self.asked += map(json.loads, stdin.splitlines())
        question = self.asked[-1]
        assert until in question["id"]
        answer = self.reply or json.dumps({"id": question["id"], "result": self.result})
        return Completed(0, f'{{"method": "configWarning", "params": {{}}}}\n{answer}\n', "")


def test_all_is_well_beside_an_untrusted_hook_of_others() -> None:
    assert trust.untrusted(HOME, LAUNCHER, Program([*ours(), hook("stop", "x", trustStatus="untrusted")])) == ""


RECORDED = json.loads((PAYLOADS / "app_server.hooks_list.response.json").read_text())["result"]["data"][0]
EVENTS = {f"{name[0].lower()}{name[1:]}": command for name, command in COMMANDS.items()}


def listed(event: str = "", status: str = "trusted") -> Program:
    """The recorded answer with our commands for our events; the hook for that one event has that status."""
    hooks = [hook | {"command": EVENTS.get(hook["eventName"], hook["command"])} for hook in RECORDED["hooks"]]
    changed = [hook | {"trustStatus": status} if hook["eventName"] == event else hook for hook in hooks]
    return Program(changed, RECORDED["warnings"])


def test_the_recorded_answer_of_somebody_elses_hooks() -> None:
    program = Program(RECORDED["hooks"], RECORDED["warnings"])
    assert "not list them all (clamping SessionEnd hook timeout to 3s" in trust.untrusted(HOME, LAUNCHER, program)
    assert trust.to_trust(HOME, LAUNCHER, program) == []


def test_the_recorded_answer_of_ours() -> None:
    assert (
        trust.untrusted(HOME, LAUNCHER, listed()) == trust.untrusted(HOME, LAUNCHER, listed("stop", "modified")) == ""
    )
    assert "1 of them not trusted yet" in trust.untrusted(HOME, LAUNCHER, listed("preToolUse", "untrusted"))
    (hook,) = trust.to_trust(HOME, LAUNCHER, listed("preToolUse", "untrusted"))
    recorded = next(hook for hook in RECORDED["hooks"] if hook["eventName"] == "preToolUse")
    assert (hook.command, hook.key) == (COMMANDS["PreToolUse"], "/home/dev/.codex/hooks.json:pre_tool_use:0:0")
    assert hook.fingerprint == recorded["currentHash"]


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (Program(ours(trustStatus="untrusted")), "3 of them not trusted yet; open `codex`"),
        (Program(ours(trustStatus="modified")), "3 of them changed since you trusted them"),
        (Program(ours(enabled=False)), "3 of them disabled in Codex"),
        (Program(ours()[1:]), "does not list them all (no reason told)"),
        (Program([], ["failed to parse hooks config"]), "does not list them all (failed to parse hooks config)"),
        (Program([hook("sessionStart", "something else")]), "does not list them all"),
    ],
)
def test_what_keeps_them_from_running_is_told(program: Program, said: str) -> None:
    assert said in trust.untrusted(HOME, LAUNCHER, program)


@pytest.mark.parametrize("reply", ["{", '{"id": "hivemind-skillopt/asked", "error": {"code": -32600}}', "[]"])
def test_an_answer_that_is_none(reply: str) -> None:
    with pytest.raises(HarnessError, match="codex"):
        trust.untrusted(HOME, LAUNCHER, Program([], reply=reply))


def test_exactly_the_hooks_that_were_told_are_trusted() -> None:
    listed = [*ours(trustStatus="untrusted"), hook("stop", "foreign", trustStatus="untrusted")]
    listed[0]["trustStatus"] = "trusted"
    program = Program(listed)
    hooks = trust.to_trust(HOME, LAUNCHER, program)
    assert [one.command for one in hooks] == list(COMMANDS.values())[1:]
    trust.trust(hooks, program)
    (edit,) = program.asked[-1]["params"]["edits"]
    assert (program.asked[-1]["method"], edit["keyPath"], edit["mergeStrategy"]) == (
        "config/batchWrite", "hooks.state", "upsert",
    )  # fmt: skip
    assert edit["value"] == {one.key: {"trusted_hash": one.fingerprint} for one in hooks}


def test_the_hash_is_the_one_that_codex_writes() -> None:
    """Recorded: the hooks, and the trust in them."""
    hooks = json.loads((PAYLOADS / "hooks.example.json").read_text())["hooks"]
    state = tomllib.loads((PAYLOADS / "hooks_state.example.toml").read_text())["hooks"]["state"]
    for event in ("SessionStart", "PreToolUse", "UserPromptSubmit", "Stop"):
        (group,) = hooks[event]
        (found,) = [value for key, value in state.items() if key.endswith(f":{trusted_hash.snake(event)}:0:0")]
        assert trusted_hash.of(event, group) == found["trusted_hash"]


def test_trust_that_codex_refuses_is_told() -> None:
    refused = Program([], reply='{"id": "hivemind-skillopt/asked", "error": {"code": -1, "message": "no"}}')
    with pytest.raises(HarnessError, match="did not take the trust"):
        trust.trust([], refused)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("", ""),
        ("[features]\nhooks = true\n", ""),
        ("[features]\nhooks = false\n", "features.hooks is false"),
        ("[features]\ncodex_hooks = false\n", "features.codex_hooks is false"),
        ("[features]\nplugins = false\n", "features.plugins is false"),
        ("disabled", "is disabled in"),
        ("broken = ", ""),
    ],
)
def test_what_is_switched_off_in_the_settings(tmp_path: Path, change: str, said: str) -> None:
    assert trust.switched_off(tmp_path) == ""
    text = with_hooks(tmp_path / "config.toml", None, LAUNCHER)
    disabled = text.replace("enabled = true", "enabled = false")
    (tmp_path / "config.toml").write_text(disabled if change == "disabled" else change + text)
    found = trust.switched_off(tmp_path)
    assert said in found if said else found == ""


def test_features_without_plugins_do_not_matter_for_hooks_json(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[features]\nplugins = false\n")
    assert trust.switched_off(tmp_path) == ""
