"""install and uninstall: exact inverses, twice, with other people's hooks in the file."""

from __future__ import annotations

import json
import os
import pty
import shutil
import stat
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import click
import pytest

import hivemind_skillopt
from hivemind_skillopt.bundle import bundle_dir
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


def launcher(cli: Cli) -> Path:
    return cli.home / ".local/state/hivemind-skillopt/launcher"


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
    text = cli.settings.read_text().replace('"model": "opus"', '"model" :\t"opus",\n "theme": "dark"')
    cli.settings.write_text(text)
    cli.run("install", "--yes")
    assert cli.settings.read_text() == text
    cli.run("uninstall")
    assert cli.settings.read_text() == FOREIGN.replace('"model": "opus"', '"model" :\t"opus",\n "theme": "dark"')


def test_a_program_that_writes_the_file_anew_does_no_harm(cli: Cli) -> None:
    """Claude Code itself does when a setting is changed in it."""
    write(cli, FOREIGN)
    cli.run("install", "--yes")
    cli.settings.write_text(json.dumps(json.loads(cli.settings.read_text()), indent=2) + "\n")
    assert cli.json("install", "--yes")[0]["changed"] is False
    cli.run("uninstall")
    assert cli.settings.read_text() == json.dumps(json.loads(FOREIGN), indent=2) + "\n"


@pytest.mark.parametrize(
    "broken",
    [
        "{",
        "[]",
        '{"hooks": []}',
        '{"hooks": {"PreToolUse": {}}}',
        "// a comment\n{}",
        '{"hooks": {"Stop": [{"hooks": [{"type": "bogus"}]}]}}',
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


def test_with_json_the_consent_goes_to_standard_error(cli: Cli) -> None:
    """A person may read it there; standard output stays for the program."""
    first = cli.run("install", "--yes", "--json")
    assert json.loads(first.stdout)[0]["changed"] is True
    assert "What happens once this is installed" in first.stderr
    assert "What happens" not in cli.run("install", "--yes", "--json").stderr


def test_nobody_is_asked_without_having_seen_the_text(cli: Cli) -> None:
    """`install --json` on a terminal."""
    ours, terminal = pty.openpty()
    os.write(ours, b"n\n")
    done = subprocess.run(
        [sys.executable, "-m", "hivemind_skillopt", "install", "--json"],
        env={"PATH": os.environ["PATH"], "HOME": str(cli.home), "TERM": "dumb"},
        stdin=terminal, stdout=terminal, stderr=subprocess.PIPE, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    os.close(terminal)
    os.close(ours)
    text, asked, _ = done.stderr.partition("Install?")
    assert ("What happens once this is installed" in text, asked, done.returncode) == (True, "Install?", 1)
    assert not launcher(cli).exists()


@pytest.mark.parametrize("before", ["{}", FOREIGN, None])
def test_the_earlier_file_is_backed_up(cli: Cli, before: str | None) -> None:
    """Its exact bytes, for its owner alone, at the install and at the uninstall."""

    def backups() -> list[bytes]:
        files = sorted((launcher(cli).parent / "backups").glob("*-settings.json"))
        assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600] * len(files)
        return [file.read_bytes() for file in files]

    write(cli, before)
    first = [] if before is None else [before.encode()]
    cli.run("install", "--yes")
    installed = cli.settings.read_bytes()
    assert backups() == first
    cli.run("install", "--yes")
    assert backups() == first, "nothing was changed, so nothing is kept"
    cli.run("uninstall")
    assert backups() == [*first, installed]


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


def test_what_stands_in_place_of_the_file_is_refused_in_one_line(cli: Cli, tmp_path: Path) -> None:
    """A folder, a pipe, a link to nothing, not UTF-8, too large."""
    cli.settings.mkdir()
    assert "no plain file" in cli.fails("install", "--yes")
    cli.settings.rmdir()
    os.mkfifo(cli.settings)
    assert "no plain file" in cli.fails("install", "--yes")
    cli.settings.unlink()
    cli.settings.symlink_to(tmp_path / "gone.json")
    assert "link to nothing" in cli.fails("install", "--yes")
    cli.settings.unlink()
    cli.settings.symlink_to(cli.settings)
    assert "cannot be read" in cli.fails("install", "--yes")
    cli.settings.unlink()
    for data in (b'{"a": "\xe9"}', "{}".encode("utf-16")):
        cli.settings.write_bytes(data)
        assert "not UTF-8" in cli.fails("install", "--yes")
    cli.settings.write_text('{"a": "' + "x" * (1 << 20) + '"}')
    assert "at most 1 MiB" in cli.fails("install", "--yes")
    assert not (cli.home / ".local").exists()


def test_a_read_only_file_is_refused_before_anything_is_changed(cli: Cli, tmp_path: Path) -> None:
    real = tmp_path / "store" / "settings.json"
    real.parent.mkdir()
    real.write_text("{}")
    real.chmod(0o444)
    cli.settings.symlink_to(real)
    assert "read-only" in cli.fails("install", "--yes")
    assert "read-only" in cli.fails("install", "--dry-run")
    assert (real.read_text(), (cli.home / ".local").exists()) == ("{}", False)
    real.chmod(0o644)
    cli.run("install", "--yes")
    installed = real.read_text()
    real.chmod(0o444)
    cli.run("install", "--yes")
    assert "read-only" in cli.fails("uninstall")
    assert real.read_text() == installed
    assert launcher(cli).exists(), "still installed, as a whole"


def test_a_dry_run_leaves_no_trace(cli: Cli) -> None:
    before = sorted(cli.home.rglob("*"))
    cli.run("install", "--dry-run")
    cli.run("uninstall", "--dry-run")
    cli.run("uninstall", "--purge", "--dry-run")
    assert sorted(cli.home.rglob("*")) == before


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second environment with this program in it: its python."""
    folder = tmp_path_factory.mktemp("elsewhere") / "my \u00e9nv"
    venv.create(folder, with_pip=False, symlinks=True)
    site = next((folder / "lib").glob("python*/site-packages"))
    packages = {str(Path(module.__file__).resolve().parents[1]) for module in (click, hivemind_skillopt)}  # type: ignore[type-var]
    (site / "here.pth").write_text("".join(f"{path}\n" for path in packages))
    return folder / "bin" / "python"


def test_another_environment_takes_over_and_says_so(cli: Cli, elsewhere: Path) -> None:
    cli.run("install", "--yes")
    installed, first = content(cli), launcher(cli).read_text()
    text = cli.run("install", "--dry-run", python=str(elsewhere)).stdout
    assert f"Claude Code: hooks would run in {elsewhere.parent.parent}, before: " in " ".join(text.split())
    assert launcher(cli).read_text() == first
    (facts,) = json.loads(cli.run("install", "--yes", "--json", python=str(elsewhere)).stdout)
    assert (facts["python"], facts["python_before"]) == (str(elsewhere), sys.executable)
    assert (facts["changed"], facts["launcher_refreshed"]) == (False, True)
    assert content(cli) == installed, "the path of the launcher is fixed"
    assert str(elsewhere) in launcher(cli).read_text()
    text = cli.run("install", "--yes").stdout
    assert f"hooks now run in {Path(sys.executable).parent.parent}, before: {elsewhere.parent.parent}" in text
    assert "before" not in cli.run("install", "--yes").stdout
    assert launcher(cli).read_text() == first


def test_a_deleted_environment_is_told_from_another_one(cli: Cli, elsewhere: Path) -> None:
    gone = elsewhere.parents[2] / "gone"
    shutil.copytree(elsewhere.parents[1], gone, symlinks=True)
    cli.run("install", "--yes", python=str(gone / "bin" / "python"))
    command = json.loads(cli.settings.read_text())["hooks"]["SessionStart"][0]["hooks"][0]["command"]
    shutil.rmtree(gone)
    done = subprocess.run(["/bin/sh", "-c", command], input=b"{}", capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert "environment is gone" in cli.json("status")["harnesses"][0]["problem"]
    failed = [check["message"] for check in cli.json("doctor", code=1)["checks"] if check["level"] == "fail"]
    assert any("environment is gone" in message for message in failed)
    cli.run("install", "--yes")
    assert cli.json("status")["harnesses"][0]["problem"] is None


@pytest.fixture
def own_copy(cli: Cli, elsewhere: Path, tmp_path: Path) -> Path:
    """The hooks run a whole copy of this program, in an environment of its own: that environment."""
    folder = tmp_path / "own env"
    shutil.copytree(elsewhere.parents[1], folder, symlinks=True)
    package = Path(hivemind_skillopt.__file__).parent
    shutil.copytree(package, package_in(folder), ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(bundle_dir() / "hooks", package_in(folder) / "_bundle" / "hooks", dirs_exist_ok=True)
    cli.run("install", "--yes", python=str(folder / "bin" / "python"))
    return folder


def package_in(environment: Path) -> Path:
    return next((environment / "lib").glob("python*/site-packages")) / "hivemind_skillopt"


VANISHED: dict[str, tuple[Callable[[Cli, Path], object], str]] = {
    "environment": (lambda _, env: shutil.rmtree(env), "environment is gone"),
    "package": (lambda _, env: shutil.rmtree(package_in(env)), "this program no more"),
    "launcher": (lambda cli, _: launcher(cli).unlink(), "launcher is gone"),
    "launcher's permission": (lambda cli, _: launcher(cli).chmod(0o600), "launcher is not executable"),
}


@pytest.mark.parametrize("what", VANISHED)
def test_what_vanished_under_the_hooks_is_told_by_status_and_doctor(cli: Cli, own_copy: Path, what: str) -> None:
    take_away, said = VANISHED[what]
    assert cli.json("status")["harnesses"][0]["problem"] is None
    take_away(cli, own_copy)
    problem = cli.json("status")["harnesses"][0]["problem"]
    assert said in problem
    assert problem.endswith("; run `hivemind-skillopt install` again")
    assert problem in cli.run("status").stdout
    (told,) = [check for check in cli.json("doctor", code=1)["checks"] if check["check"] == "launcher"]
    assert (told["level"], said in told["message"]) == ("fail", True), told
    cli.run("install", "--yes")
    assert cli.json("status")["harnesses"][0]["problem"] is None


def test_an_upgrade_in_place_is_refreshed(cli: Cli) -> None:
    cli.run("install", "--yes")
    text = launcher(cli).read_text()
    launcher(cli).write_text(text.replace("exec 2>/dev/null", "exec 2>/dev/zero"))
    assert "made by another version" in json.dumps(cli.json("doctor", code=1))
    assert "refreshed" in cli.run("install", "--yes").stdout
    assert launcher(cli).read_text() == text
    written = launcher(cli).stat().st_mtime_ns
    assert "refreshed" not in cli.run("install", "--yes").stdout
    assert launcher(cli).stat().st_mtime_ns == written


def test_a_switch_that_silences_the_hooks_is_told(cli: Cli) -> None:
    write(cli, '{"disableAllHooks": true}')
    assert "no hook will run while disableAllHooks is true" in cli.run("install", "--yes").stdout
