"""state.db: private, one transaction, and clear about a newer program's file."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from sqlalchemy import insert

from hivemind_skillopt.errors import StateUnavailable
from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.installs import InstalledFile, Installs
from hivemind_skillopt.state.notes import Notes
from hivemind_skillopt.state.schema import installs


def test_all_of_a_transaction_or_nothing(database: Database) -> None:
    notes = Notes(database)

    def fail() -> None:
        with database.transaction():
            notes.put("a", "1")
            with database.transaction():
                notes.put("b", "2")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (notes.get("a"), notes.get("b")) == ("", "")


def test_the_files_are_private(tmp_path: Path) -> None:
    database = Database(tmp_path / "new" / "state.db")
    Notes(database).put("a", "1")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").iterdir()}
    assert set(modes.values()) == {0o600}
    assert "state.db-wal" in modes
    database.close()


def test_a_newer_programs_file_is_refused(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.db")
    with database.transaction() as connection:
        connection.exec_driver_sql("PRAGMA user_version=99")
    database.close()
    with pytest.raises(StateUnavailable, match="newer"):
        Database(tmp_path / "state.db")


def test_an_installation_of_one_file_is_one_of_several_now(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.db")
    old = {
        "harness": "claude_code", "home": "/h", "file": "/h/settings.json", "skill_root": "/h/skills", "python": "py",
        "version": "0.1.0", "installed_at": 7, "before": None, "after": "{}",
    }  # fmt: skip
    with database.transaction() as connection:
        row = {"harness": "claude_code", "home": "/h", "installed_at": 7, "value": json.dumps(old)}
        connection.execute(insert(installs).values(row))
        connection.exec_driver_sql("PRAGMA user_version=1")
    database.close()
    database = Database(tmp_path / "state.db")
    (install,) = Installs(database).all()
    assert (install.python, install.files) == ("py", (InstalledFile("/h/settings.json", None, "{}"),))
    database.close()


def test_a_file_that_is_no_database_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_text("this is no database, but it is long enough to be looked at" * 100)
    with pytest.raises(StateUnavailable, match=r"state\.db cannot be used"):
        Database(tmp_path / "state.db")
