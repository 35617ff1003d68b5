"""The search for what is left finds it: otherwise its zero would mean nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from hivemind_skillopt.redaction import redact
from tests.harness.planted_secrets import KINDS, found_below, found_in, plant

PLANTED = plant("control")
ALL = {f"control: {kind}" for kind in KINDS}


def test_in_a_file_in_its_name_and_in_any_case(tmp_path: Path) -> None:
    (tmp_path / "a").write_text(str(PLANTED).upper())
    (tmp_path / PLANTED.texts["GitHub"]).mkdir()
    assert found_below(tmp_path, PLANTED.needles) == {"a": ALL, PLANTED.texts["GitHub"]: {"control: GitHub"}}


@pytest.mark.parametrize("kept_open", [True, False], ids=["write-ahead log", "free pages"])
def test_in_a_database_that_has_deleted_it(tmp_path: Path, *, kept_open: bool) -> None:
    with closing(sqlite3.connect(tmp_path / "db", isolation_level=None)) as database:
        database.execute(f"PRAGMA journal_mode={'WAL' if kept_open else 'DELETE'}")
        database.execute("PRAGMA secure_delete=OFF")
        database.execute("CREATE TABLE t (x)")
        database.execute("INSERT INTO t VALUES (?)", [str(PLANTED)])
        database.execute("DELETE FROM t")
        assert found_below(tmp_path, PLANTED.needles) == {"db-wal" if kept_open else "db": ALL}


@pytest.mark.parametrize("kind", KINDS)
def test_a_third_of_one_is_enough(kind: str) -> None:
    core = PLANTED.cores[kind]
    assert found_in(f"x {core[: max(8, len(core) // 3)]} x".encode(), PLANTED.needles) == {f"control: {kind}"}


def test_nothing_in_what_is_redacted() -> None:
    assert found_in(redact(f"before {PLANTED} after").encode(), PLANTED.needles) == set()
