"""Every payload that was recorded for the contracts is here as it was, and is read by a test."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
CONTRACTS = TESTS.parents[1] / "shared" / "harness-contracts"
"""Beside the checkout, as the corpora; a fresh clone never has it."""
HARNESSES = ("claude_code", "codex", "pi", "hermes", "cursor")

RUN = """
import sys, pytest
opened = set()
sys.addaudithook(lambda event, args: opened.add(str(args[0])) if event == "open" else None)
code = pytest.main(sys.argv[1:])
print(*sorted(opened), sep="\\n")
sys.exit(code)
"""
"""Which files the tests open; a name in a test's text may as well stand where it is left out."""


def fixtures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".md")


@pytest.mark.parametrize("harness", HARNESSES)
def test_every_fixture_is_read_by_a_test_of_its_harness(harness: str) -> None:
    pattern = f"test_{harness.partition('_')[0]}_*.py"
    own = [path for part in ("adapters", "scorers") for path in (TESTS / part).glob(pattern)]
    readers = [str(path) for path in own if re.search('PAYLOADS|"payloads"', path.read_text())]
    argv = [sys.executable, "-c", RUN, "-n", "0", "-q", *readers]
    done = subprocess.run(argv, cwd=TESTS.parent, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    opened = set(done.stdout.splitlines())
    ours = fixtures(TESTS / "payloads" / harness)
    assert ours
    assert [path.name for path in ours if str(path) not in opened] == []


@pytest.mark.parametrize("harness", HARNESSES)
def test_every_fixture_of_the_contract_is_here_unchanged(harness: str) -> None:
    """By name and content: our folders are flatter, and may hold more."""
    contract = CONTRACTS / harness.replace("_", "-")
    if not contract.exists():
        pytest.skip(f"no contract of {harness} beside the checkout; a fresh clone never has it")
    theirs = Counter((path.name, path.read_bytes()) for path in fixtures(contract))
    ours = Counter((path.name, path.read_bytes()) for path in fixtures(TESTS / "payloads" / harness))
    assert theirs
    assert [name for name, _ in theirs - ours] == []
