"""SkillStore: versions, policies, and what one org sees of another."""

from __future__ import annotations

import pytest

from hivemind_skillopt.errors import NotFound, ParentMoved
from hivemind_skillopt.model import Policy, ProposalStatus, Scope
from hivemind_skillopt.ports import SkillStore
from hivemind_skillopt.settings import Mode, OrgMode
from tests.contract.publishing import OpenOrg, first, heads, loop_publish
from tests.store.values import (
    DEPLOY,
    HOUR,
    LINT,
    NOBODY,
    NOON,
    attribution,
    folder,
    invocation,
    proposal,
    publication,
    verdict,
)


def test_an_empty_store(store: SkillStore) -> None:
    assert store.head(NOBODY) is None
    assert store.history(NOBODY) == []
    assert heads(store, "alice") == []
    assert store.policy(NOBODY) is Policy.AUTO
    assert (store.attributions(), store.invocations(), store.verdicts(), store.proposals()) == ([], [], [], [])


def test_a_folder_comes_back_byte_for_byte(store: SkillStore) -> None:
    sent = folder("é\r\nx", notes_md=b"\x00\xff\r\n", empty_txt=b"")
    first(store, folder=sent)
    back = store.folder(DEPLOY, 1)
    assert sorted(back.files, key=lambda f: f.path) == sorted(sent.files, key=lambda f: f.path)
    assert back.content_sha256 == sent.content_sha256


def test_every_version_keeps_its_own_bytes(store: SkillStore) -> None:
    one = first(store, folder=folder("v1\n", gone_md=b"x"))
    store.publish(publication("v2\n", one.content_sha256))
    assert {f.path for f in store.folder(DEPLOY, 1).files} == {"SKILL.md", "bin/go.sh", "gone.md"}
    assert {f.path for f in store.folder(DEPLOY, 2).files} == {"SKILL.md", "bin/go.sh"}


def test_no_such_version(store: SkillStore) -> None:
    first(store)
    with pytest.raises(NotFound, match="deploy--alice has no version 2 in this org"):
        store.folder(DEPLOY, 2)
    with pytest.raises(NotFound, match="nobody--knows"):
        store.folder(NOBODY, 1)


def test_heads_are_the_newest_that_the_user_may_see(store: SkillStore) -> None:
    one = first(store)
    two = store.publish(publication("v2\n", one.content_sha256))
    mine = store.publish(publication("v1\n", ref=LINT, scope=Scope.ME))
    assert heads(store, "bob") == [two, mine]
    assert heads(store, "alice") == [two]


def test_a_me_skill_is_its_authors_not_its_publishers(store: SkillStore) -> None:
    store.publish(publication("v1\n", ref=LINT, scope=Scope.ME, published_by="alice"))
    assert heads(store, "alice") == []


def test_changes_since_what_is_known(store: SkillStore) -> None:
    one = first(store)
    known = store.changes("bob")[-1].number
    assert store.changes("bob", known) == []
    lint = store.publish(publication("v1\n", ref=LINT))
    two = store.publish(publication("v2\n", one.content_sha256))
    assert heads(store, "bob", known) == [lint, two]
    after_lint = store.changes("bob", known)[0].number
    assert heads(store, "bob", after_lint) == [two]


def test_of_several_new_versions_only_the_head_is_a_change(store: SkillStore) -> None:
    one = first(store)
    two = store.publish(publication("v2\n", one.content_sha256))
    three = store.publish(publication("v3\n", two.content_sha256))
    assert heads(store, "bob") == [three]


def test_a_policy_is_a_change(store: SkillStore) -> None:
    one = first(store)
    lint = store.publish(publication("v1\n", ref=LINT))
    known = store.changes("bob")[-1].number
    store.set_policy(DEPLOY, Policy.RETIRED, "alice", NOON)
    assert [(change.head, change.policy) for change in store.changes("bob", known)] == [(one, Policy.RETIRED)]
    assert [(change.head, change.policy) for change in store.changes("bob")] == [
        (lint, Policy.AUTO),
        (one, Policy.RETIRED),
    ]


def test_a_policy_without_a_skill_is_no_change(store: SkillStore) -> None:
    store.set_policy(NOBODY, Policy.LOCKED, "alice", NOON)
    assert store.changes("alice") == []


def test_what_was_refused_is_no_change(store: SkillStore) -> None:
    one = first(store)
    known = store.changes("bob")[-1].number
    with pytest.raises(ParentMoved):
        store.publish(publication("v2\n", "0" * 64))
    assert (store.changes("bob", known), store.head(DEPLOY)) == ([], one)


def test_the_newest_policy_wins(store: SkillStore) -> None:
    store.set_policy(DEPLOY, Policy.LOCKED, "alice", NOON)
    store.set_policy(LINT, Policy.LOCKED, "bob", NOON)
    store.set_policy(DEPLOY, Policy.REVIEW, "bob", NOON + 1)
    assert store.policy(DEPLOY) is Policy.REVIEW
    assert store.policy(LINT) is Policy.LOCKED


def test_the_newest_mode_of_the_org_wins_and_is_no_change_of_a_skill(store: SkillStore, open_org: OpenOrg) -> None:
    first(store)
    known = store.changes("bob")[-1].number
    assert store.org_mode() == OrgMode() == OrgMode(Mode.AUTO, "", 0)
    store.set_org_mode(OrgMode(Mode.OFF, "alice", NOON))
    store.set_org_mode(OrgMode(Mode.REVIEW, "bob", NOON - HOUR))
    assert store.org_mode() == OrgMode(Mode.REVIEW, "bob", NOON - HOUR), "whatever the clocks say"
    assert store.changes("bob", known) == []
    assert open_org("other").org_mode() == OrgMode()


def test_a_clock_that_is_behind_still_unlocks(store: SkillStore) -> None:
    store.set_policy(DEPLOY, Policy.LOCKED, "alice", NOON)
    store.set_policy(DEPLOY, Policy.AUTO, "bob", NOON - HOUR)
    assert store.policy(DEPLOY) is Policy.AUTO


def test_an_org_sees_nothing_of_another(store: SkillStore, open_org: OpenOrg) -> None:
    first(store)
    store.set_policy(DEPLOY, Policy.LOCKED, "alice", NOON)
    store.record([attribution(), invocation(), verdict(), proposal(status=ProposalStatus.REJECTED)])
    other = open_org("other")
    assert other.head(DEPLOY) is None
    assert (other.history(DEPLOY), other.changes("alice")) == ([], [])
    assert other.policy(DEPLOY) is Policy.AUTO
    assert (other.attributions(), other.invocations(), other.verdicts(), other.proposals()) == ([], [], [], [])
    with pytest.raises(NotFound):
        other.folder(DEPLOY, 1)


def test_two_orgs_may_hold_the_same_skill(store: SkillStore, open_org: OpenOrg) -> None:
    other = open_org("other")
    ours = first(store)
    theirs = other.publish(publication(folder=folder("theirs\n", more_md=b"x")))
    assert (heads(store, "bob"), heads(other, "bob")) == ([ours], [theirs])
    newer = other.publish(publication("v2\n", theirs.content_sha256))
    assert (heads(store, "bob"), heads(other, "bob")) == ([ours], [newer])
    assert store.folder(DEPLOY, 1).content_sha256 == ours.content_sha256
    assert other.folder(DEPLOY, 1).content_sha256 == theirs.content_sha256


def test_what_one_org_rejects_another_may_publish(store: SkillStore, open_org: OpenOrg) -> None:
    open_org("other").record([proposal(status=ProposalStatus.REJECTED)])
    first(store)
    assert loop_publish(store, proposal(), "v2\n").version == 2


def test_two_orgs_may_hold_the_same_ids(store: SkillStore, open_org: OpenOrg) -> None:
    other = open_org("other")
    rows = [attribution(), invocation(), verdict(), proposal(edits=())]
    for each in (store, other):
        first(each)
        each.record(rows)
        assert loop_publish(each, proposal(edits=()), "v2\n").version == 2
    assert store.verdicts() == other.verdicts() == [verdict()]
    assert len(store.history(DEPLOY)) == len(other.history(DEPLOY)) == 2
