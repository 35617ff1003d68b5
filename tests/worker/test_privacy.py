"""What was said and what is secret: nowhere but where it must be."""

from __future__ import annotations

import pytest

from tests.worker.lab import EDIT, FAULT, PROPOSAL, Lab, versions

SECRET = "ghp_" + "aB3x" * 9


def test_no_text_and_no_secret_is_left_after_the_drain(lab: Lab) -> None:
    marked = f"no, always ask which environment first, my token is {SECRET} and the zebra is purple"
    lab.script(judge=[{"answer": {**FAULT, "reason": f"leaks {SECRET}"}}], proposer=[{"answer": PROPOSAL}])
    lab.use()
    lab.react(marked)
    lab.work()
    assert versions(lab) == [1, 2]
    assert lab.holding(SECRET, "zebra is purple", "/home/dev/shop", "/home/dev") == []
    assert lab.holding("always ask which environment first"), "the quote is"


@pytest.mark.parametrize("field", ["content", "target"])
def test_a_secret_in_a_proposal_is_refused_and_stored_nowhere(lab: Lab, field: str) -> None:
    edit = {**EDIT, field: f"2. Deploy with the token {SECRET} to production."}
    lab.script(judge=[{"answer": FAULT}], proposer=[{"answer": {**PROPOSAL, "edits": [edit]}}])
    lab.use()
    lab.react()
    lab.work()
    (proposal,) = lab.store.proposals()
    assert (proposal.status, versions(lab)) == ("rejected", [1])
    assert lab.holding(SECRET) == []


def test_quotes_need_not_be_shared(lab: Lab) -> None:
    lab.environ["HIVEMIND_SKILLOPT_SHARE_QUOTES"] = "false"
    lab.use()
    lab.react("no, that is wrong: always ask which environment first, says the zebra")
    lab.work()
    (verdict,) = lab.store.verdicts()
    assert verdict.quote is not None
    assert verdict.quote.startswith("sha256:")
    assert lab.holding("says the zebra") == []
