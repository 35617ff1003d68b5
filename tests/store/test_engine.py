"""Opening a store: what a URL may be, and who may read the file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from hivemind_skillopt.errors import SettingsError, StoreUnavailable
from hivemind_skillopt.store.engine import open_store
from tests.store.values import publication


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_the_user_can_read_the_files(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        store = open_store(f"sqlite:///{tmp_path}/data/store.db", "acme")
        store.publish(publication())
        assert mode(tmp_path / "data") == 0o700
        names = {path.name: mode(path) for path in (tmp_path / "data").iterdir()}
        store.close()
    finally:
        os.umask(old)
    assert names == {"store.db": 0o600, "store.db-wal": 0o600, "store.db-shm": 0o600}


def test_the_home_folder_may_be_written_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    open_store("sqlite:///~/team/store.db", "acme").close()
    assert (tmp_path / "team" / "store.db").exists()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://alice:hunter2@db/skills", "the scheme 'mysql'"),
        ("alice:hunter2@db/skills", "no scheme"),
        ("hunter2", "no scheme"),
        ("", "no scheme"),
        ("sqlite://", "the scheme 'sqlite'"),
        ("sqlite:///", "no absolute path"),
        ("sqlite:///:memory:", "no absolute path"),
        ("sqlite:///team.db", "no absolute path"),
    ],
)
def test_a_url_we_cannot_use(url: str, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        open_store(url, "acme")
    assert said in str(refused.value)
    assert "use sqlite:////absolute/path or postgresql://user@host/database" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        open_store(f"sqlite:///{tmp_path}/file/store.db", "acme")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_text("no database at all " * 100)
    store = open_store(f"sqlite:///{tmp_path}/store.db", "acme")
    with pytest.raises(StoreUnavailable, match=r"^the org store cannot be used now: file is not a database$"):
        store.changes("alice")
    store.close()


def test_a_home_that_nobody_has_is_no_path() -> None:
    with pytest.raises(SettingsError, match="absolute"):
        open_store("sqlite:///~nobody-here/x.db", "org")
