"""Workers are started by what happens in a harness; whatever goes round in circles there, it starts few."""

from __future__ import annotations

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hivemind_skillopt import launch
from hivemind_skillopt.launch import STARTS_A_MINUTE, may_start, start_for_event


def test_so_many_a_minute_and_no_more(tmp_path: Path) -> None:
    granted = [may_start(str(tmp_path)) for _ in range(STARTS_A_MINUTE + 40)]
    assert STARTS_A_MINUTE <= sum(granted) <= 2 * STARTS_A_MINUTE, "the minute may have turned once"
    file = tmp_path / "worker-starts"
    assert file.stat().st_size <= 100
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_next_minute_counts_from_the_start(tmp_path: Path) -> None:
    (tmp_path / "worker-starts").write_text("1 " + "." * STARTS_A_MINUTE)
    assert may_start(str(tmp_path))
    assert (tmp_path / "worker-starts").read_text().endswith(" .")


@pytest.mark.parametrize("held", [b"", b"\0" * 5000, b"no number", b"9" * 300])
def test_a_file_that_says_something_else_is_begun_again(tmp_path: Path, held: bytes) -> None:
    (tmp_path / "worker-starts").write_bytes(held)
    assert may_start(str(tmp_path))


def test_processes_that_ask_at_once_miscount_a_little(tmp_path: Path) -> None:
    asked = (
        f"from hivemind_skillopt.launch import may_start; print(sum(may_start({str(tmp_path)!r}) for _ in range(50)))"
    )

    def ask(_: int) -> int:
        return int(subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True).stdout)

    with ThreadPoolExecutor(8) as pool:
        granted = sum(pool.map(ask, range(8)))
    assert STARTS_A_MINUTE <= granted <= 2 * (STARTS_A_MINUTE + 8)


def test_beyond_it_nothing_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = list[str]()
    monkeypatch.setattr(launch, "start_worker", lambda state, _python: started.append(state) or 7)
    pids = [start_for_event(str(tmp_path)) for _ in range(3 * STARTS_A_MINUTE)]
    assert pids.count(7) == len(started) <= 2 * STARTS_A_MINUTE
    assert pids[-1] == 0 or len(started) > STARTS_A_MINUTE
