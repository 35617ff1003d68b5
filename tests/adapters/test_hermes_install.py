"""What install writes into a Hermes home, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from hivemind_skillopt.adapters.hermes import Hermes
from hivemind_skillopt.adapters.yaml_text import entries
from hivemind_skillopt.errors import HarnessError
from hivemind_skillopt.harness import Completed, RunProgram

LAUNCHER = Path("/home/dev/it's \u00fcn\u00ef/launcher")
HOME = Path("/home/dev/.hermes")
PAYLOADS = Path(__file__).parent.parent / "payloads" / "hermes"
MANIFEST, MODULE, CONFIG = Hermes().hook_files(HOME, "plugin")
THEIRS = "# mine\nplugins:\n  enabled: [a]   # one\nskills:\n  external_dirs:\n  - ~/skills\nmodel: x"


def installed(text: str | None) -> str:
    return Hermes().with_hooks(CONFIG, text, LAUNCHER)


@pytest.mark.parametrize("before", [None, "", "# mine\n", "a: 1\r\n", THEIRS])
def test_in_and_out_again(before: str | None) -> None:
    text = installed(before)
    assert entries(text, ("plugins", "enabled"))[-1] == "hivemind-skillopt"
    assert entries(text, ("skills", "external_dirs"))[-1] == "/home/dev/.hermes/org-skills"
    assert installed(text) == text
    assert Hermes().without_hooks(CONFIG, text, LAUNCHER, before) == before


def test_what_was_there_before_us_stays() -> None:
    """A person who enabled the plugin before the install has written that entry."""
    before = "plugins:\n  enabled: [hivemind-skillopt]\n"
    assert Hermes().without_hooks(CONFIG, installed(before), LAUNCHER, before) == before


def test_without_our_record_both_entries_go_all_the_same() -> None:
    assert Hermes().without_hooks(CONFIG, installed(THEIRS), LAUNCHER, None) == THEIRS
    assert Hermes().without_hooks(CONFIG, installed("a: 1\n"), LAUNCHER, None) == "a: 1\n"


@pytest.mark.parametrize("text", ["a: [", "plugins: yes, please\n", "skills:\n  external_dirs: ~/skills\n"])
def test_what_cannot_be_changed_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(HarnessError, match=r"config\.yaml cannot be changed safely") as error:
        installed(text)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("file", [MANIFEST, MODULE])
def test_the_plugins_files_are_wholly_ours(file: Path) -> None:
    text = Hermes().with_hooks(file, None, LAUNCHER)
    assert Hermes().with_hooks(file, text + "# of an older version\n", LAUNCHER) == text
    assert Hermes().without_hooks(file, text, LAUNCHER, None) is None


@pytest.mark.parametrize("file", [MANIFEST, MODULE])
def test_a_strangers_plugin_of_that_name_is_not_touched(file: Path) -> None:
    with pytest.raises(HarnessError, match="is not ours"):
        Hermes().with_hooks(file, "name: other\n", LAUNCHER)
    assert Hermes().without_hooks(file, "name: other\n", LAUNCHER, None) == "name: other\n"


def test_the_probes_run_only_where_the_plugin_is_enabled_and_is_this_machines() -> None:
    texts = {file: Hermes().with_hooks(file, None, LAUNCHER) for file in (MANIFEST, MODULE, CONFIG)}
    probes = Hermes().hook_probes(texts, LAUNCHER, "doctor--x")
    assert [probe.event for probe in probes] == ["on_session_start", "post_tool_call", "pre_llm_call"]
    assert all(probe.command for probe in probes)
    not_enabled = {**texts, CONFIG: "plugins:\n  enabled: []\n"}
    assert not any(probe.command for probe in Hermes().hook_probes(not_enabled, LAUNCHER, "doctor--x"))
    stale = Hermes().hook_probes(texts, Path("/elsewhere/launcher"), "doctor--x")
    assert not any(probe.command for probe in stale)


def test_nothing_of_ours_waits_for_a_consent() -> None:
    """Hermes asks for each shell hook, and skips it silently where nobody could answer; never for a plugin."""
    asked = {one["event"] for one in json.loads((PAYLOADS / "shell_hooks_allowlist.json").read_text())["approvals"]}
    texts = {file: Hermes().with_hooks(file, None, LAUNCHER) for file in Hermes().hook_files(HOME, "plugin")}
    assert {probe.event for probe in Hermes().hook_probes(texts, LAUNCHER, "doctor--x")} <= asked
    assert YAML(typ="safe").load(texts[CONFIG]).keys() == {"plugins", "skills"}
    assert "shell-hooks-allowlist.json" not in {file.name for file in texts}


def test_disabled_beats_enabled(tmp_path: Path) -> None:
    assert Hermes().switched_off(tmp_path) == ""
    (tmp_path / "config.yaml").write_text(installed(None) + "x: 1\n")
    assert Hermes().switched_off(tmp_path) == ""
    (tmp_path / "config.yaml").write_text("plugins:\n  enabled: [hivemind-skillopt]\n  disabled: [hivemind-skillopt]\n")
    assert "plugins.disabled" in Hermes().switched_off(tmp_path)


def test_a_home_that_hermes_does_not_start_in(tmp_path: Path) -> None:
    """`hermes profile use work`: the plugin here is not loaded."""
    profile = tmp_path / "profiles" / "work"
    ask: RunProgram = lambda arguments, stdin: Completed(0, "", "")  # noqa: E731
    assert Hermes().untrusted(tmp_path, LAUNCHER, ask) == ""
    profile.mkdir(parents=True)
    for name, told in (("default\n", False), ("work\n", True), ("../work", True), ("gone", False), ("", False)):
        (tmp_path / "active_profile").write_text(name)
        assert (f"HERMES_HOME={profile} " in Hermes().untrusted(tmp_path, LAUNCHER, ask)) is told
    (profile / "plugins" / "hivemind-skillopt").mkdir(parents=True)
    (tmp_path / "active_profile").write_text("work")
    assert Hermes().untrusted(tmp_path, LAUNCHER, ask) == ""


def test_homes() -> None:
    assert Hermes().home({"HOME": "/home/dev"}) == HOME
    profile = HOME / "profiles" / "work"
    assert Hermes().home({"HOME": "/home/dev", "HERMES_HOME": str(profile)}) == profile
    assert Hermes().skill_root(profile) == profile / "org-skills"
