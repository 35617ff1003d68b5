"""What was said and what is secret: nowhere but where it must be."""

from __future__ import annotations

import time

import pytest

from hivemind_skillopt.model import SECOND
from tests.worker.lab import EDIT, FAULT, PROPOSAL, Lab, versions
from tests.worker.processes import start, until

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


def test_a_secret_in_pieces_is_refused_and_its_pieces_are_stored_nowhere(lab: Lab) -> None:
    """Each edit is harmless; together they write the secret into one line."""
    first, second = "AKIAQ7ZK3M", "XW5TBD2VNC"
    edits = [
        {"op": "replace", "target": "Deploy it to", "content": f"Deploy with {first}"},
        {"op": "replace", "target": " production.", "content": f"{second}."},
    ]
    lab.script(judge=[{"answer": FAULT}], proposer=[{"answer": {**PROPOSAL, "edits": edits}}])
    lab.use()
    lab.react()
    lab.work()
    (proposal,) = lab.store.proposals()
    assert "secret" in {check.name for check in proposal.checks if check.result == "refuse"}
    assert (lab.holding(first), lab.holding(second)) == ([], [])


def test_quotes_need_not_be_shared(lab: Lab) -> None:
    lab.environ["HIVEMIND_SKILLOPT_SHARE_QUOTES"] = "false"
    lab.use()
    lab.react("no, that is wrong: always ask which environment first, says the zebra")
    lab.work()
    (verdict,) = lab.store.verdicts()
    assert verdict.quote is not None
    assert verdict.quote.startswith("sha256:")
    assert lab.holding("says the zebra") == []


def test_what_a_model_says_of_its_failure_is_redacted(lab: Lab) -> None:
    lab.script(judge=[{"fails": f"401: the key {SECRET} is not valid"}])
    lab.use()
    lab.react()
    lab.work()
    assert [entry["why"] for entry in lab.log("job_failed")][:1] == [
        "401: the key [redacted:github-token] is not valid"
    ]
    assert lab.holding(SECRET) == []


def test_a_killed_worker_leaves_it_only_until_the_next_one_is_done(lab: Lab) -> None:
    """Killed with the text in the write-ahead log of state.db, where it is while its job waits."""
    lab.now = time.time_ns() - 600 * SECOND
    lab.script(judge=[{"fails": "not now"}])
    lab.use()
    lab.react(f"no, always ask which environment first, my token is {SECRET}")
    worker = start(lab)
    until(lambda: bool(lab.log("job_failed")))
    worker.kill()
    worker.wait()
    assert {name.split("-")[0] for name, _ in lab.holding(SECRET)} == {"state.db"}
    lab.now = time.time_ns()
    lab.script(judge=[{"answer": FAULT}], proposer=[{"answer": PROPOSAL}])
    lab.work()
    assert (versions(lab), lab.left()) == ([1, 2], [0, 0, 0])
    assert lab.holding(SECRET) == []
