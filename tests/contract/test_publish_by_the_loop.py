"""SkillStore: what the loop publishes, with its proposal, caps and cooldown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hivemind_skillopt.errors import AlreadyPublished, ParentMoved, PublicationHeldBack, StoreError
from hivemind_skillopt.model import DAY, SECOND, Policy, ProposalStatus
from hivemind_skillopt.ports import SkillStore
from tests.contract.publishing import first, loop_publish
from tests.store.values import DEPLOY, HOUR, LINT, NOON, proposal, publication


def test_a_proposal_is_published_with_its_row(store: SkillStore) -> None:
    first(store)
    store.record([proposal(not_before=NOON, status_reason="cooldown")])
    two = loop_publish(store, proposal(not_before=NOON, status_reason="cooldown"), "v2\n")
    assert two.proposal_id == "proposal-1"
    (row,) = store.proposals(DEPLOY)
    assert row == replace(proposal(), status=ProposalStatus.PUBLISHED, published_version=2)


def test_the_same_proposal_again_returns_its_version(store: SkillStore) -> None:
    first(store)
    two = loop_publish(store, proposal(), "v2\n")
    three = store.publish(publication("v3\n", two.content_sha256))
    assert loop_publish(store, proposal(), "v2\n") == two
    assert store.history(DEPLOY)[1:] == [two, three]


@pytest.mark.parametrize("same", ["reaction_id", "invocation_id"])
def test_at_most_one_publication_per_reaction_and_invocation(store: SkillStore, same: str) -> None:
    first(store)
    loop_publish(store, proposal(1), "v2\n")
    other = replace(proposal(2), **{same: getattr(proposal(1), same)})
    with pytest.raises(AlreadyPublished, match="already led to deploy--alice v2"):
        loop_publish(store, other, "v3\n")
    assert len(store.history(DEPLOY)) == 2
    assert [row.id for row in store.proposals(DEPLOY)] == ["proposal-1"]


def test_one_reaction_changes_one_skill_only(store: SkillStore) -> None:
    first(store)
    one = store.publish(publication("v1\n", ref=LINT))
    loop_publish(store, proposal(1), "v2\n")
    other = proposal(2, ref=LINT, reaction_id="reaction-1")
    with pytest.raises(AlreadyPublished, match="deploy--alice v2"):
        store.publish(publication("v2\n", one.content_sha256, ref=LINT, proposal=other))


def test_a_locked_skill_takes_no_proposal_but_takes_a_push(store: SkillStore) -> None:
    one = first(store)
    store.set_policy(DEPLOY, Policy.LOCKED, "alice", NOON)
    with pytest.raises(StoreError, match="deploy--alice is locked; unlock it first"):
        loop_publish(store, proposal(), "v2\n")
    assert store.publish(publication("v2\n", one.content_sha256)).version == 2


def test_a_rejected_proposal_is_not_published(store: SkillStore) -> None:
    first(store)
    store.record([proposal(status=ProposalStatus.REJECTED)])
    with pytest.raises(StoreError, match="was rejected"):
        loop_publish(store, proposal(), "v2\n")
    assert len(store.history(DEPLOY)) == 1


def test_the_days_cap_counts_the_loops_publications_of_the_skill(store: SkillStore) -> None:
    one = first(store)
    store.publish(publication("by hand\n", one.content_sha256, published_at=NOON))
    loop_publish(store, proposal(1), "v3\n", published_at=NOON, per_day=2)
    loop_publish(store, proposal(2), "v4\n", published_at=NOON + HOUR, per_day=2)
    with pytest.raises(PublicationHeldBack) as held:
        loop_publish(store, proposal(3), "v5\n", published_at=NOON + 2 * HOUR, per_day=2)
    midnight = NOON - NOON % DAY + DAY
    assert held.value.not_before_ns == midnight
    with pytest.raises(PublicationHeldBack):
        loop_publish(store, proposal(3), "v5\n", published_at=midnight - 1, per_day=2)
    assert loop_publish(store, proposal(3), "v5\n", published_at=midnight, per_day=2).version == 5


def test_a_cooldown_that_ends_today_does_not_lift_the_days_cap(store: SkillStore) -> None:
    first(store)
    loop_publish(store, proposal(1), "v2\n")
    with pytest.raises(PublicationHeldBack) as held:
        loop_publish(store, proposal(2), "v3\n", per_day=1, cooldown_seconds=600)
    assert held.value.not_before_ns == NOON - NOON % DAY + DAY


def test_the_cap_of_one_skill_is_not_anothers(store: SkillStore) -> None:
    first(store)
    lint = store.publish(publication("v1\n", ref=LINT))
    loop_publish(store, proposal(1), "v2\n", per_day=1, cooldown_seconds=600)
    other = publication("v2\n", lint.content_sha256, ref=LINT, proposal=proposal(2, ref=LINT))
    assert store.publish(replace(other, per_day=1, cooldown_seconds=600)).version == 2


def test_the_cooldown_runs_from_the_loops_last_publication(store: SkillStore) -> None:
    first(store)
    two = loop_publish(store, proposal(1), "v2\n", published_at=NOON, cooldown_seconds=600)
    store.publish(publication("by hand\n", two.content_sha256, published_at=NOON + SECOND))
    ready = NOON + 600 * SECOND
    with pytest.raises(PublicationHeldBack) as held:
        loop_publish(store, proposal(2), "v4\n", published_at=ready - 1, cooldown_seconds=600)
    assert held.value.not_before_ns == ready
    assert loop_publish(store, proposal(2), "v4\n", published_at=ready, cooldown_seconds=600).version == 4


def test_the_later_of_cap_and_cooldown_is_told(store: SkillStore) -> None:
    first(store)
    late = NOON - NOON % DAY + DAY - SECOND
    loop_publish(store, proposal(1), "v2\n", published_at=late)
    with pytest.raises(PublicationHeldBack) as held:
        loop_publish(store, proposal(2), "v3\n", published_at=late, per_day=1, cooldown_seconds=600)
    assert held.value.not_before_ns == late + 600 * SECOND


def test_a_person_is_never_held_back(store: SkillStore) -> None:
    first(store)
    two = loop_publish(store, proposal(1), "v2\n")
    by_hand = publication("v3\n", two.content_sha256, per_day=0, cooldown_seconds=600)
    assert store.publish(by_hand).version == 3


def test_a_lost_race_leaves_nothing_behind(store: SkillStore) -> None:
    first(store)
    with pytest.raises(ParentMoved):
        store.publish(publication("v2\n", "f" * 64, proposal=proposal()))
    assert store.proposals() == []
    assert len(store.history(DEPLOY)) == 1


def test_the_loops_publications_are_counted(store: SkillStore) -> None:
    first = store.publish(publication("v1\n", published_at=NOON))
    store.publish(
        publication("v2\n", parent_sha256=first.content_sha256, proposal=proposal(), published_at=NOON + HOUR)
    )
    assert [store.published_since(at) for at in (NOON, NOON + HOUR, NOON + HOUR + 1)] == [1, 1, 0]
