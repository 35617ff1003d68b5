"""The bench of a whole team, small: the same code, so that what it compares stays true between its full runs."""

from __future__ import annotations

from pathlib import Path

from bench.simulation.plan import Size
from bench.simulation.report import report
from bench.simulation.run import run_team
from bench.simulation.server import SETTINGS
from tests.postgres import running

SMALL = Size(machines=3, sessions=30, seconds=6, seed=7)


def test_three_machines_agree_with_the_ledger_of_what_was_done(tmp_path: Path) -> None:
    """Sessions, people, kills and faults; then every row, every version and every folder is compared."""
    with running(SETTINGS) as server:
        result = run_team(SMALL, server, tmp_path)
    assert not result.differs, report(SMALL, result)
    assert result.ledger.events == 150
    assert len(result.ledger.judged) > 20
    assert result.faults["restart, immediate"] == 3
