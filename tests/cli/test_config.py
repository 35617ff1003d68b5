"""config get, set, unset; and that the command, the guide and settings.py know the same settings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import hivemind_skillopt.settings as settings_module
from hivemind_skillopt.cli.setting_names import NAMES
from hivemind_skillopt.settings import Limits, load_settings
from tests.cli.conftest import Cli

GUIDE = Path(__file__).parents[2] / "docs" / "user-guide.md"


def file(cli: Cli) -> Path:
    return cli.home / ".config" / "hivemind-skillopt" / "config.toml"


def test_set_keeps_comments_and_get_reads_it_back(cli: Cli) -> None:
    file(cli).parent.mkdir(parents=True)
    file(cli).write_text("# mine\nmode = 'observe' # for now\n\njudge_window = 2\n")
    cli.run("config", "set", "mode", "review")
    cli.run("config", "set", "HIVEMIND_SKILLOPT_MAX_USD_PER_DAY", "2.5")
    cli.run("config", "set", "share_quotes", "false")
    text = file(cli).read_text()
    assert "# mine" in text
    assert "# for now" in text
    assert 'mode = "review"' in text
    assert "max_usd_per_day = 2.5" in text
    assert "share_quotes = false" in text
    assert cli.run("config", "get", "mode").stdout == "review\n"
    assert cli.json("status")["mode"] == "review"
    cli.run("config", "unset", "mode")
    assert cli.json("config", "get", "mode")[0] == {
        "name": "HIVEMIND_SKILLOPT_MODE", "key": "mode", "value": "auto", "source": "default",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("mode", "obsrve", "use one of"),
        ("judge_window", "0", "at least 1"),
        ("nonsense", "1", "no setting is called 'nonsense'"),
        ("store", "postgresql://team:pa/ss@db/x", "HIVEMIND_SKILLOPT_STORE cannot be read"),
        ("store", "gopher://x", "has the scheme 'gopher'"),
        ("store", "sqlite:///shop.db", "names no absolute path"),
        ("scorer", "antropic", "use one of agent_cli, anthropic, openai, scripted"),
        ("agent", "claud", "known: claude_code"),
        ("script", "/nowhere", "the script /nowhere cannot be read"),
        ("script", "/dev/null", "the script /dev/null cannot be used"),
        ("max_judge_calls_per_day", "0.5", "use a whole number"),
        ("max_tokens_per_day", "1.5", "use a whole number"),
        ("max_publications_per_day", "0.5", "use a whole number"),
        ("cooldown_seconds", "0.5", "use a whole number"),
        ("judge_window", "1.5", "use a whole number"),
    ],
)
def test_what_cannot_be_used_is_refused_and_not_written(cli: Cli, name: str, value: str, said: str) -> None:
    line = cli.fails("config", "set", name, value)
    assert said in line
    assert "pa/ss" not in line
    assert not file(cli).exists()


def test_what_is_offered_is_written(cli: Cli) -> None:
    script = cli.home / "script.json"
    script.write_text("{}")
    for name, value in [
        ("scorer", "anthropic"), ("scorer", "agent_cli"), ("agent", "claude_code"), ("script", str(script)),
        ("store", f"sqlite:///{cli.home}/team.db"), ("max_tokens_per_day", "1e6"),
    ]:  # fmt: skip
        cli.run("config", "set", name, value)
    assert cli.json("config", "get", "scorer")[0]["value"] == "agent_cli"
    assert cli.json("status")["today"]["tokens_cap"] == 1_000_000


def test_a_name_that_is_gone_keeps_nobody_from_other_settings(cli: Cli) -> None:
    """A plugin was uninstalled: the scorer that it offered stands in the file."""
    file(cli).parent.mkdir(parents=True)
    file(cli).write_text('scorer = "gone"\n')
    cli.run("config", "set", "judge_window", "4")
    cli.run("config", "unset", "scorer")
    assert file(cli).read_text() == "judge_window = 4\n"


def test_a_broken_file_is_named_and_left_alone(cli: Cli) -> None:
    file(cli).parent.mkdir(parents=True)
    file(cli).write_text("mode = ")
    assert "config.toml" in cli.fails("config", "set", "mode", "review")
    assert file(cli).read_text() == "mode = "


def test_the_environment_wins_and_is_said(cli: Cli) -> None:
    cli.environ["HIVEMIND_SKILLOPT_MODE"] = "observe"
    assert "wins here" in cli.run("config", "set", "mode", "review").stdout
    assert cli.json("config", "get", "mode")[0]["source"] == "environment"


def test_a_key_comes_by_standard_input_into_a_private_file(cli: Cli) -> None:
    said = cli.run("config", "set", "anthropic_api_key", "-", stdin="sk-ant-hunter2\n")
    assert 'anthropic_api_key = "sk-ant-hunter2"' in file(cli).read_text()
    assert file(cli).stat().st_mode & 0o777 == 0o600
    assert "hunter2" not in said.stdout + said.stderr + cli.run("config", "get", "--json").stdout


def test_no_secret_is_printed(cli: Cli) -> None:
    cli.environ = {
        "OPENAI_BASE_URL": "http://u:hunter2@h/v1",
        "ANTHROPIC_API_KEY": "sk-ant-hunter2",
        "HIVEMIND_SKILLOPT_STORE": "postgresql://me:hunter2@db/x",
    }
    assert "hunter2" not in cli.run("config", "get").stdout + cli.run("config", "get", "--json").stdout


def test_all_settings_at_80_columns(cli: Cli) -> None:
    lines = cli.run("config", "get").stdout.splitlines()
    assert len(lines) > len(NAMES)
    assert max(len(line) for line in lines[:-1]) <= 80


def test_command_guide_and_settings_know_the_same_names() -> None:
    """The guide spells every name out, so that it can be searched for."""
    source = Path(settings_module.__file__).read_text()
    read = set(re.findall(r'"(HIVEMIND_[A-Z_]+[A-Z])"', source))
    read |= {f"HIVEMIND_SKILLOPT_{name}" for name in re.findall(r'(?:number|count)\("([A-Z_]+)"', source)}
    assert len(read) > 15
    assert read - {"HIVEMIND_SKILLOPT_WORKER", "HIVEMIND_SKILLOPT_STATE_DIR"} <= set(NAMES)
    assert [name for name in NAMES if f"`{name}" not in GUIDE.read_text()] == []


def test_a_setting_that_cannot_be_used_is_mended_by_the_same_command(cli: Cli) -> None:
    file(cli).parent.mkdir(parents=True)
    file(cli).write_text('mode = "autoo"\nuser = "alice"\n')
    assert "autoo" in cli.fails("status")
    cli.run("config", "set", "mode", "review")
    assert cli.json("status")["mode"] == "review"
    file(cli).write_text('mode = "autoo"\n')
    cli.run("config", "unset", "mode")
    assert cli.json("status")["mode"] == "auto"


def test_line_ends_and_a_link_of_the_users_stay(cli: Cli, tmp_path: Path) -> None:
    """A file of a dotfiles folder."""
    real = tmp_path / "dotfiles.toml"
    real.write_bytes(b"# mine\r\njudge_window = 2\r\n")
    file(cli).parent.mkdir(parents=True)
    file(cli).symlink_to(real)
    cli.run("config", "set", "judge_window", "4")
    assert file(cli).is_symlink()
    assert real.read_bytes() == b"# mine\r\njudge_window = 4\r\n"


def test_the_defaults_are_those_that_count(cli: Cli) -> None:
    """The table repeats them for people."""
    limits, settings = Limits(), load_settings({"HOME": str(cli.home)})
    shown = {name.removeprefix("HIVEMIND_SKILLOPT_"): known.default for name, known in NAMES.items()}
    counted = {
        "MAX_JUDGE_CALLS_PER_DAY": limits.judge_calls_per_day, "MAX_TOKENS_PER_DAY": limits.tokens_per_day,
        "MAX_USD_PER_DAY": limits.usd_per_day, "MAX_PUBLICATIONS_PER_DAY": limits.publications_per_day,
        "COOLDOWN_SECONDS": limits.cooldown_seconds, "CONFIDENCE_FLOOR": limits.confidence_floor,
        "JUDGE_WINDOW": settings.judge_window,
    }  # fmt: skip
    assert {name: float(shown[name]) for name in counted} == counted
    assert (shown["MODE"], shown["SCORER"]) == (settings.mode, settings.scorer)
