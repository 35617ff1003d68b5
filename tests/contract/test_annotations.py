"""The port SkillStore: what people say of invocations. On the shipped fake and on the real things."""

from __future__ import annotations

import pytest

from hivemind_skillopt.errors import NotFound
from hivemind_skillopt.model import Annotation, Outcome
from hivemind_skillopt.ports import SkillStore
from tests.store.values import DEPLOY, NOON, invocation


def said(number: int, outcome: Outcome, at: int = NOON) -> Annotation:
    return Annotation(f"a{outcome}{at}", f"invocation-{number}", DEPLOY, outcome, "why", "bob", at)


def test_the_newest_word_counts_by_order_of_writing(store: SkillStore) -> None:
    store.annotate(said(1, Outcome.OK, NOON + 9))
    store.annotate(said(2, Outcome.UNCLEAR))
    store.annotate(said(1, Outcome.AGENT_FAULT, NOON))
    found = store.annotations(["invocation-1", "invocation-2", "invocation-3"])
    assert found == {"invocation-1": said(1, Outcome.AGENT_FAULT, NOON), "invocation-2": said(2, Outcome.UNCLEAR)}
    assert store.annotations([]) == {}


def test_said_twice_is_said_once(store: SkillStore) -> None:
    store.annotate(said(1, Outcome.OK))
    store.annotate(said(1, Outcome.UNCLEAR))
    store.annotate(said(1, Outcome.OK))
    assert store.annotations(["invocation-1"]) == {"invocation-1": said(1, Outcome.UNCLEAR)}


def test_an_invocation_is_found_by_the_beginning_of_its_id(store: SkillStore) -> None:
    store.record([invocation(1, id="abc123"), invocation(2, id="abd456"), invocation(3, id="a%_9")])
    assert store.find_invocation("abc").id == "abc123"
    with pytest.raises(NotFound, match="several"):
        store.find_invocation("ab")
    for nobody in ("abe", "%", "_", "abc123x", "ABC", "\udcff"):
        with pytest.raises(NotFound, match="no invocation"):
            store.find_invocation(nobody)
