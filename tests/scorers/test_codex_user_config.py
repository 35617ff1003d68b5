"""The user's own config.toml of Codex: one that cannot be read stops the scorer, or another server would be asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from hivemind_skillopt.adapters.codex.cli import CodexCli
from hivemind_skillopt.adapters.codex.user_config import UserConfig, read_user_config
from hivemind_skillopt.errors import SettingsError

SECRET = "s3cret"
OWN = b'model_provider = "corp"\n'
UNREADABLE = {
    "not UTF-8": (OWN + b'model = "s3cret \xff"\n', "it is not UTF-8"),
    "UTF-16": ('\ufeffmodel_provider = "s3cret"\n'.encode("utf-16-le"), "it is not UTF-8"),
    "half-saved": (OWN + b'model = "s3cret', "it is not TOML"),
    "two marks": (b"\xef\xbb\xbf\xef\xbb\xbf" + OWN, "it is not TOML"),
    "a key twice": (b"s3cret = 1\ns3cret = 2\n", "it is not TOML"),
    "a number too long": (b"s3cret = " + b"1" * 5000, "it is not TOML"),
    "too deep": (b"s3cret = " + b"[" * 100_000, "it is not TOML"),
    "a wrong type": (b"model_provider = 5\n", "`model_provider` is of the wrong type"),
    "a wrong type within": (b"[model_providers.s3cret]\nenv_key = 5\n", "`model_providers` is of the wrong type"),
}


def refusal(home: Path) -> str:
    with pytest.raises(SettingsError) as raised:
        CodexCli().at(home)
    return str(raised.value)


@pytest.mark.parametrize(("data", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_one_that_cannot_be_read_is_told_without_what_it_holds(tmp_path: Path, data: bytes, reason: str) -> None:
    config = tmp_path / "config.toml"
    config.write_bytes(data)
    told = refusal(tmp_path)
    assert told == f"{config} cannot be read ({reason}); mend it, then `hivemind-skillopt worker run --now`"
    assert SECRET not in told


def test_one_that_cannot_be_opened(tmp_path: Path) -> None:
    """A folder, and a home that is a file."""
    (tmp_path / "config.toml").mkdir()
    assert "(Is a directory)" in refusal(tmp_path)
    (tmp_path / "home").write_text("")
    assert "(Not a directory)" in refusal(tmp_path / "home")


def test_one_that_we_may_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", denied)
    assert "(Permission denied)" in refusal(tmp_path)


def test_none_is_an_empty_one(tmp_path: Path) -> None:
    """Codex takes a link that leads nowhere for none, too (seen with 0.169.0)."""
    assert read_user_config(tmp_path) == read_user_config(tmp_path / "none") == UserConfig()
    (tmp_path / "config.toml").symlink_to("nowhere")
    assert read_user_config(tmp_path) == UserConfig()


def test_a_byte_order_mark_is_none_of_its_text(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xef\xbb\xbf" + OWN)
    assert read_user_config(tmp_path).model_provider == "corp"
