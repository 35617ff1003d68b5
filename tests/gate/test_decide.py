from __future__ import annotations

import itertools

import pytest

from hivemind_skillopt.gate.candidate import Candidate
from hivemind_skillopt.gate.decide import BUILT_IN_CHECKS, decision, run_checks
from hivemind_skillopt.model import Check, Result

CANDIDATE = Candidate(b"a\n", b"b\n")


def fine(candidate: Candidate) -> Check:
    return Check("fine", Result.PASS, "Fine.")


def broken(candidate: Candidate) -> Check:
    raise RecursionError("secret text")


def silent(candidate: Candidate) -> Check:
    return None


def test_a_check_that_raises_holds_and_tells_no_text():
    first, second = run_checks(CANDIDATE, [broken, fine])
    assert (first.name, first.result, first.message) == (
        "broken",
        Result.HOLD,
        "This could not be checked: RecursionError.",
    )
    assert second.result is Result.PASS


@pytest.mark.parametrize("check", [silent, lambda candidate: True, lambda candidate: Check("x", "fine", "x")])
def test_no_answer_is_no_pass(check):
    assert decision(run_checks(CANDIDATE, [fine, check])) is Result.HOLD


def test_the_worst_result_wins_in_any_order():
    for results in itertools.product(Result, repeat=3):
        worst = max(results, key=list(Result).index)
        assert decision([Check("x", result, "") for result in results]) is worst


def test_nothing_checked_is_no_pass():
    assert decision(()) is Result.HOLD


def test_names_are_unique():
    names = [check.name for check in run_checks(CANDIDATE)]
    assert len(names) == len(set(names)) == len(BUILT_IN_CHECKS)
