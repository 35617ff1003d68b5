"""install and uninstall: exact inverses, twice, with other people's hooks in the file."""

from __future__ import annotations

import json
import stat
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

FOREIGN = """{
    "model": "opus",
    "hooks": {
        "PreToolUse": [
            {"matcher": "Bash", "hooks": [{"type": "command", "command": "echo 'ünï' \\u0041"}]}
        ],
        "Stop": []
    },
    "env": {"A": "1.0"}
}"""

BEFORE = {
    "no file": None,
    "empty object": "{}",
    "empty file": "",
    "foreign hooks, odd layout, no final newline": FOREIGN,
    "tabs and a final newline": '{\n\t"model": "opus"\n}\n',
    "one line": '{"hooks":{"SessionStart":[{"hooks":[{"type":"command","command":"true"}]}]}}\n',
}


def write(cli: Cli, text: str | None) -> None:
    if text is not None:
        cli.settings.write_text(text)


def content(cli: Cli) -> bytes | None:
    return cli.settings.read_bytes() if cli.settings.exists() else None


def our_hooks(cli: Cli) -> dict[str, list[dict[str, object]]]:
    hooks = json.loads(cli.settings.read_text())["hooks"]
    return {event: [e for e in entries if "launcher" in json.dumps(e)] for event, entries in hooks.items()}


@pytest.mark.parametrize("name", BEFORE)
def test_uninstall_is_the_exact_inverse(cli: Cli, name: str) -> None:
    write(cli, BEFORE[name])
    before = content(cli)
    for _ in range(2):
        cli.run("install", "--yes")
        installed = content(cli)
        cli.run("install", "--yes")
        assert content(cli) == installed, "a second install changes nothing"
        cli.run("uninstall")
        assert content(cli) == before
        cli.run("uninstall")
        assert content(cli) == before
    assert not (cli.home / ".local/state/hivemind-skillopt/launcher").exists()


def test_the_hooks_have_narrow_matchers_and_cannot_fail(cli: Cli) -> None:
    cli.run("install", "--yes")
    matchers = {event: entries[0].get("matcher") for event, entries in our_hooks(cli).items()}
    assert matchers == {
        "SessionStart": None, "PreToolUse": "Skill", "UserPromptExpansion": ".*--.*", "UserPromptSubmit": None,
    }  # fmt: skip
    for entries in our_hooks(cli).values():
        (hook,) = entries[0]["hooks"]  # type: ignore[misc]
        assert hook["command"].startswith("[ -x ")
        assert hook["command"].endswith(" || true")
        assert hook["timeout"] == 10


def test_foreign_entries_stay(cli: Cli) -> None:
    write(cli, FOREIGN)
    cli.run("install", "--yes")
    settings = json.loads(cli.settings.read_text())
    assert settings["hooks"]["PreToolUse"][0] == json.loads(FOREIGN)["hooks"]["PreToolUse"][0]
    assert (settings["model"], settings["env"], settings["hooks"]["Stop"]) == ("opus", {"A": "1.0"}, [])


def test_changes_that_others_made_since_survive_the_uninstall(cli: Cli) -> None:
    write(cli, FOREIGN)
    cli.run("install", "--yes")
    settings = json.loads(cli.settings.read_text())
    settings["theme"] = "dark"
    cli.settings.write_text(json.dumps(settings, indent=2))
    cli.run("install", "--yes")
    cli.run("uninstall")
    expected = {**json.loads(FOREIGN), "theme": "dark"}
    assert json.loads(cli.settings.read_text()) == expected


@pytest.mark.parametrize(
    "broken",
    [
        "{",
        "[]",
        '{"hooks": []}',
        '{"hooks": {"PreToolUse": {}}}',
        "// a comment\n{}",
        '{"a": 1, "a": 2}',
        '{"a": 1e400}',
        '{"a": "\\ud800"}',
    ],
)
def test_settings_we_cannot_change_safely_are_refused(cli: Cli, broken: str) -> None:
    write(cli, broken)
    assert "settings.json" in cli.fails("install", "--yes")
    assert cli.settings.read_text() == broken
    assert not (cli.home / ".local/state/hivemind-skillopt/launcher").exists()


def test_the_consent_is_printed_once(cli: Cli) -> None:
    first = cli.run("install", "--yes").stdout
    for word in ("read", "sent", "spent", "published", "stop", "200 characters"):
        assert word in first
    assert "What happens" not in cli.run("install", "--yes").stdout


def test_a_dry_run_writes_nothing(cli: Cli) -> None:
    assert "would change" in cli.run("install", "--dry-run").stdout
    assert content(cli) is None
    assert not (cli.home / ".local/state/hivemind-skillopt/launcher").exists()


def test_without_a_harness_it_says_what_to_do(cli: Cli) -> None:
    cli.settings.parent.rmdir()
    assert "--harness claude_code" in cli.fails("install", "--yes")
    cli.run("install", "--yes", "--harness", "claude_code")
    assert cli.settings.exists()


def test_a_settings_file_that_is_a_link_stays_one(cli: Cli, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.json"
    real.write_text('{"model": "opus"}')
    real.chmod(0o640)
    cli.settings.symlink_to(real)
    cli.run("install", "--yes")
    assert cli.settings.is_symlink()
    assert "launcher" in real.read_text()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    cli.run("uninstall")
    assert real.read_text() == '{"model": "opus"}'


def test_a_home_with_spaces_quotes_and_letters(tmp_path: Path) -> None:
    home = tmp_path / 'my $home\'s "ünï" `x`'
    (home / ".claude").mkdir(parents=True)
    cli = Cli(home)
    cli.run("install", "--yes")
    command = json.loads(cli.settings.read_text())["hooks"]["PreToolUse"][0]["hooks"][0]["command"]
    (home / ".local/state/hivemind-skillopt/org-skills").write_text("deploy--alice\n")
    payload = b'{"session_id":"s","tool_name":"Skill","tool_input":{"skill":"deploy--alice"},"tool_use_id":"t"}'
    done = subprocess.run(["/bin/sh", "-c", command], input=payload, capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")
    assert len(list((home / ".local/state/hivemind-skillopt/inbox").iterdir())) == 1


def test_a_hook_whose_launcher_or_python_is_gone_is_silent(cli: Cli) -> None:
    cli.run("install", "--yes")
    command = json.loads(cli.settings.read_text())["hooks"]["UserPromptSubmit"][0]["hooks"][0]["command"]
    launcher = cli.home / ".local/state/hivemind-skillopt/launcher"
    text = launcher.read_text()
    launcher.write_text(text.replace("/bin/python", "/bin/gone-python").replace("/python3", "/gone-python3"))
    for _ in range(2):
        done = subprocess.run(["/bin/sh", "-c", command], input=b"{}", capture_output=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        launcher.unlink(missing_ok=True)
