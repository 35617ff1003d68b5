"""Every output in docs/team-store.md is what the command prints. `.ci/wheel` leaves it out: no server there."""

from __future__ import annotations

from pathlib import Path

from tests.docs.guide import without_changing_parts
from tests.docs.team_store import CHANGING, PAGE, rendered
from tests.postgres import Postgres


def test_the_page_shows_real_output(postgres: Postgres, tmp_path: Path) -> None:
    text = PAGE.read_text()
    shown = without_changing_parts(rendered(text, postgres, tmp_path), *CHANGING).splitlines()
    real = without_changing_parts(text, *CHANGING).splitlines()
    assert shown == real, "python -m tests.docs.team_store writes today's output"
