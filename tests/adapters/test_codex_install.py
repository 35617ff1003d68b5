"""Our hooks in Codex's files: in and out again, byte for byte, whatever others wrote before and since."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path

import pytest

from hivemind_skillopt.adapters.codex import trusted_hash
from hivemind_skillopt.adapters.codex.install import PLUGIN, groups, hook_files, with_hooks, without_hooks
from hivemind_skillopt.bundle import bundle_dir
from hivemind_skillopt.errors import HarnessError

HOME = Path("/home/dev/.codex")
LAUNCHER = Path("/home/dev/.local/state/hivemind-skillopt/launcher")
CONFIG = HOME / "config.toml"
HOOKS = HOME / "hooks.json"
*PLUGIN_FILES, _ = hook_files(HOME, "plugin")

CONFIGS = {
    "no newline at the end": 'model = "gpt-5.5"',
    "comments and odd space": '# mine\nmodel = "gpt-5.5"   # why\n\n\n[tui]\n  theme="x"\n\n# the end\n',
    "other plugins and marketplaces": (
        '[marketplaces.acme]\nsource_type = "local"\nsource = "/a"\n\n[plugins."x@acme"]\nenabled = true\n'
    ),
    "dotted and inline": 'plugins."x@acme" = { enabled = true }\n[features]\nhooks = true\n',
    "looks like ours": f'text = """\n[plugins."{PLUGIN}x"]\nenabled = true\n"""\n[[servers]]\na = [\n  ["b"]\n]\n',
    "trust in others": '[hooks.state]\n\n[hooks.state."/a/hooks.json:stop:0:0"]\ntrusted_hash = "sha256:00"\n',
    "windows line ends": 'model = "gpt-5.5"\r\n[tui]\r\nx = 1\r\n',
    "empty": "",
    "blank": "\n",
}

KEYS = (f"{PLUGIN}:hooks/hooks.json:pre_tool_use:0:0", "/home/dev/.codex/hooks.json:session_start:2:0")


def trusted(text: str) -> str:
    """As Codex itself writes it once its user trusts the hooks of both routes."""
    session_start = trusted_hash.of("SessionStart", groups(LAUNCHER).ours["SessionStart"])
    state = "" if "[hooks.state]" in text else "\n[hooks.state]\n"
    for key, found in zip(KEYS, ("sha256:11", session_start), strict=True):
        state += f'\n[hooks.state."{key}"]\ntrusted_hash = "{found}"\n'
    return text + state


@pytest.mark.parametrize("name", CONFIGS)
def test_config_out_again_byte_for_byte(name: str) -> None:
    before = CONFIGS[name]
    installed = with_hooks(CONFIG, before, LAUNCHER)
    config = tomllib.loads(installed)
    assert config["plugins"][PLUGIN] == {"enabled": True}
    assert config["marketplaces"]["hivemind-skillopt"]["source"] == "/home/dev/.codex/plugins/cache/hivemind-skillopt"
    assert installed.startswith(before)
    assert with_hooks(CONFIG, installed, LAUNCHER) == installed
    assert without_hooks(CONFIG, installed, LAUNCHER, before) == before
    assert without_hooks(CONFIG, trusted(installed), LAUNCHER, before) == before


def test_a_home_with_spaces_quotes_and_letters() -> None:
    home = Path('/home/d\u00e9v/it\'s "mine" \\ `x`')
    installed = with_hooks(home / "config.toml", 'model = "x"\n', LAUNCHER)
    assert tomllib.loads(installed)["marketplaces"]["hivemind-skillopt"]["source"].startswith(f"{home}/")
    assert with_hooks(home / "config.toml", installed, LAUNCHER) == installed


def test_a_config_that_was_not_there() -> None:
    installed = with_hooks(CONFIG, None, LAUNCHER)
    assert without_hooks(CONFIG, trusted(installed), LAUNCHER, None) is None


@pytest.mark.parametrize("name", ["comments and odd space", "trust in others", "other plugins and marketplaces"])
def test_without_a_record_nothing_but_ours_is_lost(name: str) -> None:
    """state.db is gone; the empty header that Codex put above the trust is told from a user's by nobody."""
    before = CONFIGS[name]
    left = without_hooks(CONFIG, trusted(with_hooks(CONFIG, before, LAUNCHER)), LAUNCHER, None)
    assert left == before


def test_what_others_wrote_since_stays() -> None:
    before = CONFIGS["comments and odd space"]
    later = '\n# later\n[projects."/x"]\ntrust_level = "trusted"\n\n[hooks.state."/b:stop:0:0"]\ntrusted_hash = "22"\n'
    left = without_hooks(CONFIG, trusted(with_hooks(CONFIG, before, LAUNCHER)) + later, LAUNCHER, before)
    assert left == before + "\n[hooks.state]\n" + later


def test_a_plugin_that_its_user_disabled_stays_so() -> None:
    disabled = with_hooks(CONFIG, "", LAUNCHER).replace("enabled = true", "enabled = false")
    assert with_hooks(CONFIG, disabled, LAUNCHER) == disabled


def test_another_folder_of_the_same_name_is_replaced() -> None:
    """Somebody added the checkout by hand, or the home has moved."""
    before = with_hooks(Path("/elsewhere/config.toml"), '# mine\nmodel = "x"\n', LAUNCHER)
    installed = with_hooks(CONFIG, before, LAUNCHER)
    assert "/elsewhere" not in installed
    assert without_hooks(CONFIG, installed, LAUNCHER, None) == '# mine\nmodel = "x"\n'


@pytest.mark.parametrize(
    "text",
    [
        "a = ", "= 1", "plugins = 7\n", "marketplaces = {}\n", '[[plugins]]\nname = "x"\n', "\ufeffa = 1\n",
        "a = " + "[" * 9999,
    ],
)  # fmt: skip
def test_a_config_that_cannot_be_changed_safely_is_refused(text: str) -> None:
    with pytest.raises(HarnessError, match=r"config\.toml .*mend it"):
        with_hooks(CONFIG, text, LAUNCHER)


def test_our_tables_in_another_form_are_not_guessed_at() -> None:
    with pytest.raises(HarnessError, match="by hand"):
        without_hooks(CONFIG, f'plugins = {{"{PLUGIN}" = {{enabled = true}}}}\n', LAUNCHER, None)


def test_the_plugin_is_wholly_ours() -> None:
    for file in PLUGIN_FILES:
        text = with_hooks(file, None, LAUNCHER)
        assert with_hooks(file, text, LAUNCHER) == text
        assert without_hooks(file, text, LAUNCHER, None) is None


def test_the_bytes_that_people_trusted_are_the_same_in_every_version() -> None:
    """Codex hashes the whole folder: another byte, and every hook is off until its user looks again. Do not mend."""
    _, manifest, hooks = (with_hooks(file, None, LAUNCHER).encode() for file in PLUGIN_FILES)
    assert (
        hashlib.sha256(manifest + hooks).hexdigest()
        == "9e75f34a82dcaa52a4ca2ee023d26e463704c49e5b44e1c47e612a4552ea6023"
    )


def test_each_hook_has_a_narrow_matcher_and_cannot_fail() -> None:
    *_, file = PLUGIN_FILES
    hooks = json.loads(with_hooks(file, None, LAUNCHER))["hooks"]
    assert {event: [group.get("matcher") for group in found] for event, found in hooks.items()} == {
        "SessionStart": [None], "PreToolUse": ["Bash"], "UserPromptSubmit": [None],
    }  # fmt: skip
    prompt = hooks["UserPromptSubmit"][0]["hooks"][0]
    assert prompt["command"] == f"[ -x {LAUNCHER} ] && {LAUNCHER} codex UserPromptMention || true"


def test_the_bundle_is_a_marketplace_of_its_own() -> None:
    """`codex plugin marketplace add` finds the plugin by this path, in the bundle and in Codex's home."""
    root = bundle_dir() / "adapters" / "codex"
    (listed,) = json.loads((root / ".agents" / "plugins" / "marketplace.json").read_text())["plugins"]
    manifest = json.loads((root / listed["source"]["path"] / ".codex-plugin" / "plugin.json").read_text())
    assert (root / listed["source"]["path"] / manifest["hooks"]).is_file()
    assert Path(listed["source"]["path"]).name == manifest["version"]


FOREIGN = (
    '{\n\t"description": "mine",\n\t"hooks": {"PreToolUse": [\n\t\t{"matcher":"^x$","hooks":'
    '[{"type":"command","command":"a","zz":1}]} ],\n\t"Stop": []}}'
)


@pytest.mark.parametrize("before", [None, "", "{}", FOREIGN, '{"hooks":{}}'])
def test_hooks_json_out_again_byte_for_byte(before: str | None) -> None:
    installed = with_hooks(HOOKS, before, LAUNCHER)
    assert set(json.loads(installed)) <= {"description", "hooks"}, "any other key, and Codex ignores the file"
    assert with_hooks(HOOKS, installed, LAUNCHER) == installed
    assert without_hooks(HOOKS, installed, LAUNCHER, before) == before


def test_groups_of_others_keep_their_places() -> None:
    """A place is part of the name under which its user trusted it."""
    found = json.loads(with_hooks(HOOKS, FOREIGN, LAUNCHER))["hooks"]
    assert found["PreToolUse"][0] == json.loads(FOREIGN)["hooks"]["PreToolUse"][0]
    assert found["PreToolUse"][1]["matcher"] == "Bash"
    assert found["Stop"] == []
