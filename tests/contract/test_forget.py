"""A session is forgotten: its verdicts stay, without anybody's words."""

from __future__ import annotations

import pytest

from hivemind_skillopt.model import ProposalStatus
from hivemind_skillopt.ports import SessionWords, SkillStore
from hivemind_skillopt.store.rules import FORGOTTEN
from tests.store.values import attribution, invocation, proposal, verdict


def test_the_words_go_and_the_outcome_stays(store: SkillStore) -> None:
    ours = [invocation(1, session_id="gone"), invocation(2, session_id="gone"), invocation(3, session_id="kept")]
    told = [verdict(n) for n in (1, 2, 3)]
    store.record([attribution(1, session_id="gone"), *ours, *told])
    assert store.session_words("gone") == SessionWords(2, 0)
    assert {row.reason for row in store.verdicts()} == {row.reason for row in told}
    assert store.forget_session("gone") == SessionWords(2, 0)
    found = {row.id: row for row in store.verdicts()}
    assert {(row.quote, row.reason) for row in (found["verdict-1"], found["verdict-2"])} == {(None, FORGOTTEN)}
    assert (found["verdict-1"].outcome, found["verdict-1"].usage) == (told[0].outcome, told[0].usage)
    assert found["verdict-3"].quote
    assert not any(map(store.forget_session, ("gone", "unknown")))
    assert not any(map(store.session_words, ("gone", "unknown")))


def test_a_row_that_comes_again_does_not_bring_them_back(store: SkillStore) -> None:
    rows = [invocation(1, session_id="gone"), verdict(1)]
    store.record(rows)
    store.forget_session("gone")
    store.record(rows)
    assert [row.quote for row in store.verdicts()] == [None]


@pytest.mark.parametrize("status", [status for status in ProposalStatus if status is not ProposalStatus.PUBLISHED])
def test_a_proposal_that_came_of_it_is_rejected_without_a_word(store: SkillStore, status: ProposalStatus) -> None:
    ours = proposal(1, status=status, status_reason="because of the port", not_before=5)
    uses = [invocation(1, session_id="gone"), invocation(2, session_id="kept")]
    store.record([*uses, ours, proposal(2)])
    assert store.session_words("gone") == store.forget_session("gone") == SessionWords(0, 1)
    store.record([ours])  # one that is sent late
    found = store.find_proposals([ours.id, "proposal-2"])
    gone = found.pop(ours.id)
    assert (gone.status, gone.edits, gone.checks, gone.not_before) == (ProposalStatus.REJECTED, (), (), None)
    assert {gone.root_cause, gone.status_reason} == {FORGOTTEN}
    assert "port" not in str(gone)
    assert (found["proposal-2"].status, bool(store.forget_session("gone"))) == (ProposalStatus.OPEN, False)


def test_what_was_published_stays_as_it_is(store: SkillStore) -> None:
    ours = proposal(1, status=ProposalStatus.PUBLISHED, published_version=2)
    store.record([invocation(1, session_id="gone"), ours])
    assert not store.forget_session("gone")
    assert store.find_proposals([ours.id]) == {ours.id: store.find_proposal(ours.id)}
    assert store.find_proposal(ours.id).root_cause == ours.root_cause
