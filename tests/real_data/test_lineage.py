"""Real before/after pairs of other skill evolvers: the gate judges each, and what it refuses is too much to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from hivemind_skillopt.gate.candidate import Candidate
from hivemind_skillopt.gate.decide import decision, run_checks
from hivemind_skillopt.model import Check, Result
from tests.corpora import corpus, rows

BENCHMARKS = {
    "alfworld": "alfworld",
    "docvqa": "docvqa",
    "livemathematicianbench": "livemath",
    "officeqa": "officeqa",
    "searchqa": "searchqa",
    "spreadsheetbench": "spreadsheetbench",
}


def judged(before: bytes, after: bytes) -> tuple[Check, ...]:
    checks = run_checks(Candidate(before, after))
    assert not [check for check in checks if "could not be checked" in check.message]
    return checks


def pairs(source: str) -> Iterator[tuple[bytes, bytes]]:
    """A version and its parent, where both texts were kept."""
    versions = {row["skill_id"]: row for row in rows(f"lineage/openspace_{source}_skills.jsonl")}
    for row in versions.values():
        for parent in (versions[name] for name in row["parents"] if name in versions):
            if parent["skill_md"] and row["skill_md"]:
                yield parent["skill_md"].encode(), row["skill_md"].encode()


def test_the_versions_of_a_skill_evolver() -> None:
    """Measured: 85 refused (all by size), 7 held, 5 passed. These evolvers rewrite skills; this loop does not."""
    found = [judged(*pair) for source in ("gdpval", "showcase") for pair in pairs(source)]
    decisions = Counter(decision(checks) for checks in found)
    assert decisions.total() == 97
    assert decisions[Result.REFUSE] > 60
    assert decisions[Result.PASS] > 0
    for checks in found:
        refused = {check.name for check in checks if check.result is Result.REFUSE}
        assert refused <= {"size", "front_matter_unchanged", "loadable", "body_words"}


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_trained_skill_is_never_published_by_itself(name: str) -> None:
    """Each brings a protected region of its own."""
    folder = corpus("skills_optimized")
    before = folder / f"initial__skillopt__envs__{name}__skills__initial.md"
    checks = judged(before.read_bytes(), (folder / f"skillopt_{BENCHMARKS[name]}.md").read_bytes())
    assert decision(checks) is Result.REFUSE
    assert "protected_region" in {check.name for check in checks if check.result is Result.REFUSE}
