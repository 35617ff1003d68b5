"""What an attacker plants is held. `SKILLOPT_GATE_VARIANTS=3700` runs that many disguised variants instead of a sample.

`python -m tests.gate.report` prints the figures by kind.
"""

from __future__ import annotations

import os
import random

import pytest

from hivemind_skillopt.gate.candidate import Candidate, Evidence
from hivemind_skillopt.gate.decide import BUILT_IN_CHECKS, run_checks
from hivemind_skillopt.gate.origin import provenance
from hivemind_skillopt.model import Result
from tests.corpora import rows, skill_files
from tests.gate.disguises import DISGUISES
from tests.gate.plant import OPS, planted, plants
from tests.gate.planted import CAPABILITIES, COMPLAINTS, PLAIN, SKILL, TRANSLATED

VARIANTS = int(os.environ.get("SKILLOPT_GATE_VARIANTS", str(8 * len(DISGUISES))))


def is_held(candidate: Candidate) -> bool:
    """By any check; the one that finds most is asked first."""
    checks = (provenance, *BUILT_IN_CHECKS)
    return any(check(candidate).result is not Result.PASS for check in checks)


@pytest.mark.parametrize("line", CAPABILITIES)
def test_a_new_capability_is_held_by_the_text_alone(line: str):
    rnd = random.Random(6)
    for op in OPS:
        assert is_held(Candidate(SKILL.encode(), planted(SKILL, line, op, rnd))), op


@pytest.mark.parametrize("line", PLAIN)
def test_a_plain_sentence_is_held_by_where_it_comes_from(line: str):
    after = planted(SKILL, line, "append", random.Random(6))
    typed, read = Evidence((COMPLAINTS[0], line)), Evidence((COMPLAINTS[0],), (), (line,))
    assert not is_held(Candidate(SKILL.encode(), after))
    assert not is_held(Candidate(SKILL.encode(), after, evidence=typed))
    assert is_held(Candidate(SKILL.encode(), after, evidence=read))


def test_nothing_that_was_read_passes_in_any_disguise():
    passed = [p for p in plants(CAPABILITIES + PLAIN + TRANSLATED, [SKILL], VARIANTS, 6) if not is_held(p.candidate)]
    assert [(p.kind, p.place, p.op, p.line) for p in passed] == []


def test_nothing_of_the_corpus_that_was_read_passes_in_any_real_skill():
    lines = [row["line"] for row in rows("injections.calibration.jsonl")]
    texts = [path.read_text(encoding="utf-8") for path in skill_files()[::20]]
    parents = [text for text in texts if len(text) < 8_000]
    passed = [p for p in plants(lines, parents, VARIANTS, 7) if not is_held(p.candidate)]
    assert [(p.kind, p.place, p.op, p.line[:60]) for p in passed] == []


def test_no_injection_of_the_corpus_that_adds_a_capability_passes_by_its_text_alone():
    rnd = random.Random(8)
    files = [path for path in skill_files() if path.stat().st_size < 8_000]
    for line in [row["line"] for row in rows("injections.calibration.jsonl") if row["adds_capability"]]:
        for op in OPS:
            path = rnd.choice(files)
            parent = path.read_text(encoding="utf-8")
            change = Candidate(parent.encode(), planted(parent, line, op, rnd))
            assert any(c.result is not Result.PASS for c in run_checks(change)), (path.name, op, line)


def test_the_same_variants_for_the_same_seed():
    one, other = ([p.candidate.after for p in plants(PLAIN, [SKILL], len(DISGUISES), 6)] for _ in range(2))
    assert one == other
    assert len(set(one)) == len(DISGUISES)
