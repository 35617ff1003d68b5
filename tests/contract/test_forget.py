"""A session is forgotten: its verdicts stay, without anybody's words."""

from __future__ import annotations

from hivemind_skillopt.ports import SkillStore
from hivemind_skillopt.store.rules import FORGOTTEN
from tests.store.values import attribution, invocation, verdict


def test_the_words_go_and_the_outcome_stays(store: SkillStore) -> None:
    ours = [invocation(1, session_id="gone"), invocation(2, session_id="gone"), invocation(3, session_id="kept")]
    told = [verdict(n) for n in (1, 2, 3)]
    store.record([attribution(1, session_id="gone"), *ours, *told])
    assert store.forget_session("gone") == 2
    found = {row.id: row for row in store.verdicts()}
    assert {(row.quote, row.reason) for row in (found["verdict-1"], found["verdict-2"])} == {(None, FORGOTTEN)}
    assert (found["verdict-1"].outcome, found["verdict-1"].usage) == (told[0].outcome, told[0].usage)
    assert found["verdict-3"].quote
    assert (store.forget_session("gone"), store.forget_session("unknown")) == (0, 0)


def test_a_row_that_comes_again_does_not_bring_them_back(store: SkillStore) -> None:
    rows = [invocation(1, session_id="gone"), verdict(1)]
    store.record(rows)
    store.forget_session("gone")
    store.record(rows)
    assert [row.quote for row in store.verdicts()] == [None]
