"""Settings: the environment over config.toml, strict words, and which store an item belongs to."""

from __future__ import annotations

from pathlib import Path

import pytest

from hivemind_skillopt.errors import SettingsError
from hivemind_skillopt.recorder import CARRIED, YES
from hivemind_skillopt.settings import YES as WORKER_YES
from hivemind_skillopt.settings import (
    Mode,
    ModelApi,
    ModelChoice,
    load_settings,
    slug,
    store_id_of,
    strictest,
    without_credentials,
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own; platformdirs reads the process's environment."""
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    return tmp_path


def config(home: Path, text: str) -> None:
    folder = home / "XDG_CONFIG_HOME" / "hivemind-skillopt"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(text)


def test_the_environment_wins_over_the_file(home: Path) -> None:
    config(home, 'mode = "review"\njudge_window = 5\norg_id = "acme"\nskill_attribution = false\n')
    settings = load_settings({"HOME": str(home), "HIVEMIND_SKILLOPT_JUDGE_WINDOW": "2"})
    assert (settings.mode, settings.judge_window, settings.org) == (Mode.REVIEW, 2, "acme")
    assert settings.attribution is False


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("HIVEMIND_SKILL_ATTRIBUTION", "attribution"),
        ("HIVEMIND_SKILLOPT_SHARE_QUOTES", "share_quotes"),
        ("HIVEMIND_SKILLOPT_DISABLED", "disabled"),
    ],
)
def test_a_switch_understands_the_usual_words(home: Path, name: str, field: str) -> None:
    read = {
        word: getattr(load_settings({"HOME": str(home), name: word}), field) for word in ("0", "No", "off", "FALSE")
    }
    assert set(read.values()) == {False}
    read = {word: getattr(load_settings({"HOME": str(home), name: word}), field) for word in ("1", "Yes", "on", "TRUE")}
    assert set(read.values()) == {True}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HIVEMIND_SKILLOPT_MODE", "obsrve"),
        ("HIVEMIND_SKILLOPT_DISABLED", "maybe"),
        ("HIVEMIND_SKILLOPT_JUDGE_WINDOW", "0"),
        ("HIVEMIND_SKILLOPT_JUDGE_WINDOW", "nan"),
        ("HIVEMIND_SKILLOPT_MAX_USD_PER_DAY", "-1"),
        ("HIVEMIND_SKILLOPT_CONFIDENCE_FLOOR", "high"),
        ("HIVEMIND_SKILLOPT_STATE_DIR", "~/state"),
        ("HIVEMIND_SKILLOPT_STORE", "postgresql://team:pa/ss@db/x"),
    ],
)
def test_what_cannot_be_used_is_named_without_its_secrets(home: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name) as raised:
        _ = load_settings({"HOME": str(home), name: value}).store_id
    assert "pa/ss" not in str(raised.value)


@pytest.mark.parametrize("text", ["mode = ", "\x00", "[a"])
def test_a_broken_file_is_named(home: Path, text: str) -> None:
    config(home, text)
    with pytest.raises(SettingsError, match=r"config\.toml"):
        load_settings({"HOME": str(home)})


def test_the_user_is_the_git_email_else_the_login(home: Path) -> None:
    (home / ".gitconfig").write_text(
        "[user]\n\tname = A B\n\temail = Alice.Doe@example.com\n[alias]\n\tx = !f() { :; }\n"
    )
    assert load_settings({"HOME": str(home)}).user == "alice-doe"
    assert load_settings({"HOME": str(home), "HIVEMIND_USER": "Bob!"}).user == "bob"
    (home / ".gitconfig").write_bytes(b"\xff\xfe[user")
    assert load_settings({"HOME": str(home)}).user


def test_a_store_is_the_same_whatever_the_credentials() -> None:
    def store(url: str, **more: str) -> str:
        return store_id_of({"HIVEMIND_SKILLOPT_STORE": url, **more}, {})

    assert store("postgresql://a:b@db:5432/x?password=y") == store("postgresql://c@db:5432/x")
    assert store("postgresql://db/x") != store("postgresql://db/y")
    assert store("postgresql://db/x") != store("postgresql://db/x", HIVEMIND_ORG_ID="acme")
    assert without_credentials("sqlite:////a/b.db") == "sqlite:////a/b.db"


def test_the_strictest_mode_wins() -> None:
    assert strictest(Mode.AUTO, Mode.REVIEW) is Mode.REVIEW
    assert strictest(Mode.OBSERVE, Mode.REVIEW, Mode.AUTO) is Mode.OBSERVE
    assert strictest(Mode.OFF, Mode.AUTO) is Mode.OFF


def test_slugs_are_reference_parts() -> None:
    assert [slug(text) for text in ("Alice Doe", "a__b", "-x-", "\u00e9")] == ["alice-doe", "a-b", "x", "someone"]


def test_recorder_and_worker_agree() -> None:
    """The recorder may import nothing, so it repeats two facts."""
    assert frozenset(YES) == WORKER_YES
    assert {"HIVEMIND_SKILLOPT_STORE", "HIVEMIND_ORG_ID", "HIVEMIND_WORKSPACE_ID", "HIVEMIND_SKILLOPT_MODE"} <= set(
        CARRIED
    )


def test_a_model_is_the_roles_over_the_agents_else_the_scorer_chooses(home: Path) -> None:
    config(home, 'claude_code_model = "of-the-agent"\ncodex_judge_model = "of-the-role"\n')
    settings = load_settings({"HOME": str(home), "HIVEMIND_SKILLOPT_CLAUDE_CODE_JUDGE_MODEL": "mine"})
    assert [settings.model("claude_code", role).name for role in ("judge", "proposer")] == ["mine", "of-the-agent"]
    assert [settings.model("codex", role).name for role in ("judge", "proposer")] == ["of-the-role", ""]


def test_a_provider_is_the_roles_over_the_agents_and_never_without_a_model(home: Path) -> None:
    config(home, 'pi_model = "small"\npi_provider = "mine"\npi_judge_provider = "theirs"\nhermes_provider = "mine"\n')
    settings = load_settings({"HOME": str(home)})
    assert settings.model("pi", "judge") == ModelChoice("small", "theirs")
    assert settings.model("pi", "proposer") == ModelChoice("small", "mine")
    with pytest.raises(SettingsError, match="HIVEMIND_SKILLOPT_HERMES_PROVIDER is 'mine', but no model is named"):
        settings.model("hermes", "judge")


def test_model_apis_come_from_both_and_are_not_shown(home: Path) -> None:
    config(home, 'anthropic_api_key = "sk-file"\nanthropic_auth_token = "tok-file"\nopenai_base_url = "http://o/v1"\n')
    settings = load_settings({"HOME": str(home), "ANTHROPIC_API_KEY": "sk-env", "OPENAI_API_KEY": "sk-o"})
    assert settings.anthropic == ModelApi("", "sk-env", "tok-file")
    assert settings.openai == ModelApi("http://o/v1", "sk-o")
    assert not any(secret in repr(settings) for secret in ("sk-file", "sk-env", "tok-file", "sk-o"))
