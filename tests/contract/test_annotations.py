"""The port SkillStore: what people say of invocations. On the shipped fake and on the real thing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hivemind_skillopt.errors import NotFound
from hivemind_skillopt.model import Annotation, Outcome
from hivemind_skillopt.ports import SkillStore
from hivemind_skillopt.store.engine import open_store
from hivemind_skillopt.store.memory import MemoryStore
from tests.store.values import DEPLOY, NOON, invocation


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SkillStore]:
    opened = MemoryStore("acme") if request.param == "memory" else open_store(f"sqlite:///{tmp_path}/s.db", "acme")
    yield opened
    opened.close()


def said(number: int, outcome: Outcome, at: int = NOON) -> Annotation:
    return Annotation(f"a{outcome}{at}", f"invocation-{number}", DEPLOY, outcome, "why", "bob", at)


def test_the_newest_word_counts_by_order_of_writing(store: SkillStore) -> None:
    store.annotate(said(1, Outcome.OK, NOON + 9))
    store.annotate(said(2, Outcome.UNCLEAR))
    store.annotate(said(1, Outcome.AGENT_FAULT, NOON))
    found = store.annotations(["invocation-1", "invocation-2", "invocation-3"])
    assert found == {"invocation-1": said(1, Outcome.AGENT_FAULT, NOON), "invocation-2": said(2, Outcome.UNCLEAR)}
    assert store.annotations([]) == {}


def test_an_invocation_is_found_by_the_beginning_of_its_id(store: SkillStore) -> None:
    store.record([invocation(1, id="abc123"), invocation(2, id="abd456"), invocation(3, id="a%_9")])
    assert store.find_invocation("abc").id == "abc123"
    with pytest.raises(NotFound, match="several"):
        store.find_invocation("ab")
    for nobody in ("abe", "%", "_", "abc123x"):
        with pytest.raises(NotFound, match="no invocation"):
            store.find_invocation(nobody)
