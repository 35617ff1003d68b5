"""The port SkillStore: one suite, run on the shipped fake and on the real thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from hivemind_skillopt.errors import (
    AlreadyPublished,
    NotFound,
    ParentMoved,
    PublicationHeldBack,
    SkillInvalid,
    StoreError,
)
from hivemind_skillopt.model import (
    DAY,
    SECOND,
    Policy,
    Proposal,
    ProposalStatus,
    Scope,
    SkillFile,
    SkillFolder,
    SkillRef,
    SkillVersion,
    VersionSource,
)
from hivemind_skillopt.ports import SkillStore
from hivemind_skillopt.store.engine import open_store
from hivemind_skillopt.store.memory import MemoryStore
from tests.store.values import (
    DEPLOY,
    HOUR,
    LINT,
    NOON,
    attribution,
    folder,
    invocation,
    proposal,
    publication,
    verdict,
)

OpenOrg = Callable[[str], SkillStore]
NOBODY = SkillRef("nobody", "knows")


@pytest.fixture(params=["memory", "sqlite"])
def open_org(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenOrg]:
    """Opens the store of an org; all orgs of one test share the database."""
    opened = []

    def open_one(org: str) -> SkillStore:
        if request.param == "memory":
            return MemoryStore(org)
        opened.append(open_store(f"sqlite:///{tmp_path}/data/store.db", org))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(open_org: OpenOrg) -> SkillStore:
    opened = open_org("acme")
    opened.migrate()
    return opened


def first(store: SkillStore, **changes: object) -> SkillVersion:
    return store.publish(publication("v1\n", **changes))


def loop_publish(store: SkillStore, proposed: Proposal, body: str, **changes: object) -> SkillVersion:
    head = store.head(DEPLOY)
    assert head
    request = publication(body, head.content_sha256, published_by="carol", proposal=proposed)
    return store.publish(replace(request, **changes))


# --- publish


def test_first_version(store: SkillStore) -> None:
    made = first(store)
    assert made == SkillVersion(
        ref=DEPLOY,
        version=1,
        content_sha256=folder("v1\n").content_sha256,
        parent_version=None,
        parent_sha256=None,
        scope=Scope.TEAM,
        description="Deploys things",
        contributors=("alice",),
        published_by="alice",
        published_at=NOON,
    )
    assert store.head(DEPLOY) == made


def test_second_version_names_its_parent(store: SkillStore) -> None:
    one = first(store)
    two = store.publish(publication("v2\n", one.content_sha256, published_by="bob", published_at=NOON + 1))
    assert (two.version, two.parent_version, two.parent_sha256) == (2, 1, one.content_sha256)
    assert two.contributors == ("alice", "bob")
    assert store.head(DEPLOY) == two
    assert store.history(DEPLOY) == [one, two]


def test_description_is_the_new_front_matters(store: SkillStore) -> None:
    one = first(store)
    two = store.publish(publication(parent=one.content_sha256, folder=folder("v1\n", "Deploys more")))
    assert (one.description, two.description) == ("Deploys things", "Deploys more")


def test_a_folder_without_front_matter_has_no_description(store: SkillStore) -> None:
    made = first(store, folder=SkillFolder((SkillFile("SKILL.md", b"just words"),)))
    assert made.description == ""


def test_scope_is_never_widened(store: SkillStore) -> None:
    one = first(store, scope=Scope.ME)
    two = store.publish(publication("v2\n", one.content_sha256, scope=Scope.TEAM))
    assert two.scope is Scope.ME
    assert store.heads("bob") == []


def test_contributors_are_named_once_and_in_order(store: SkillStore) -> None:
    one = first(store)
    two = loop_publish(store, proposal(), "v2\n")
    three = store.publish(publication("v3\n", two.content_sha256, published_by="alice"))
    assert one.contributors == ("alice",)
    assert two.contributors == ("alice", "carol", "skillopt")
    assert three.contributors == ("alice", "carol", "skillopt")


def test_a_stale_parent_is_told_who_was_first(store: SkillStore) -> None:
    one = first(store)
    store.publish(publication("v2\n", one.content_sha256, published_by="bob"))
    with pytest.raises(ParentMoved) as refused:
        store.publish(publication("v3\n", one.content_sha256))
    assert str(refused.value) == "deploy--alice v2 was published by bob; pull, then push"
    assert len(store.history(DEPLOY)) == 2


def test_no_parent_while_a_head_exists(store: SkillStore) -> None:
    first(store)
    with pytest.raises(ParentMoved, match=r"^deploy--alice v1 was published by alice; pull, then push$"):
        store.publish(publication("other\n"))


def test_a_parent_where_no_head_exists(store: SkillStore) -> None:
    with pytest.raises(ParentMoved, match=r"^deploy--alice has no version in this org; push it as version 1$"):
        store.publish(publication("v1\n", "f" * 64))
    assert store.history(DEPLOY) == []


def test_no_change_is_refused(store: SkillStore) -> None:
    one = first(store)
    with pytest.raises(StoreError, match="nothing changed: deploy--alice v1 has exactly this content"):
        store.publish(publication("v1\n", one.content_sha256))


def test_a_change_of_the_executable_bit_is_a_change(store: SkillStore) -> None:
    one = first(store)
    plain = SkillFolder(tuple(SkillFile(f.path, f.data) for f in folder("v1\n").files))
    assert store.publish(publication(parent=one.content_sha256, folder=plain)).version == 2
    assert not any(file.executable for file in store.folder(DEPLOY, 2).files)


def test_a_rollback_is_a_new_version_with_the_old_bytes(store: SkillStore) -> None:
    one = first(store)
    two = store.publish(publication("v2\n", one.content_sha256))
    three = store.publish(publication("v1\n", two.content_sha256, reverts_version=2))
    assert (three.version, three.reverts_version, three.content_sha256) == (3, 2, one.content_sha256)
    assert store.history(DEPLOY) == [one, two, three]
    assert store.folder(DEPLOY, 3).content_sha256 == store.folder(DEPLOY, 1).content_sha256


@pytest.mark.parametrize(
    "bad",
    [
        SkillFolder((SkillFile("README.md", b"x"),)),
        SkillFolder((SkillFile("SKILL.md", b"x"), SkillFile("../evil", b"x"))),
        SkillFolder((SkillFile("SKILL.md", b"\xff"),)),
        SkillFolder((SkillFile("SKILL.md", b"x" * ((1 << 20) + 1)),)),
    ],
)
def test_nobody_publishes_a_bad_folder(store: SkillStore, bad: SkillFolder) -> None:
    with pytest.raises(SkillInvalid):
        store.publish(publication(folder=bad))
    assert store.head(DEPLOY) is None


# --- publish, by the loop


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


def test_threads_that_share_a_store_make_one_child(store: SkillStore) -> None:
    one = first(store)
    outcomes: list[str] = []

    def race(number: int) -> None:
        try:
            made = store.publish(publication(f"{number}\n", one.content_sha256))
            outcomes.append(f"v{made.version}")
        except ParentMoved:
            outcomes.append("moved")

    threads = [Thread(target=race, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["moved"] * 7 + ["v2"]
    assert len(store.history(DEPLOY)) == 2


# --- reading


def test_an_empty_store(store: SkillStore) -> None:
    assert store.head(NOBODY) is None
    assert store.history(NOBODY) == []
    assert store.heads("alice") == []
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
    assert store.heads("bob") == [two, mine]
    assert store.heads("alice") == [two]


def test_a_me_skill_is_its_authors_not_its_publishers(store: SkillStore) -> None:
    store.publish(publication("v1\n", ref=LINT, scope=Scope.ME, published_by="alice"))
    assert store.heads("alice") == []


def test_heads_above_what_is_known(store: SkillStore) -> None:
    one = first(store)
    two = store.publish(publication("v2\n", one.content_sha256))
    lint = store.publish(publication("v1\n", ref=LINT))
    assert store.heads("bob", {DEPLOY: 1}) == [two, lint]
    assert store.heads("bob", {DEPLOY: 2}) == [lint]
    assert store.heads("bob", {DEPLOY: 2, LINT: 1, NOBODY: 7}) == []


def test_heads_above_a_great_many_refs(store: SkillStore) -> None:
    first(store)
    known = {SkillRef(f"skill-{number}", "bob"): 1 for number in range(3000)}
    assert [version.ref for version in store.heads("bob", known)] == [DEPLOY]


# --- policy


def test_the_newest_policy_wins(store: SkillStore) -> None:
    store.set_policy(DEPLOY, Policy.LOCKED, "alice", NOON)
    store.set_policy(LINT, Policy.LOCKED, "bob", NOON)
    store.set_policy(DEPLOY, Policy.REVIEW, "bob", NOON + 1)
    assert store.policy(DEPLOY) is Policy.REVIEW
    assert store.policy(LINT) is Policy.LOCKED


def test_a_clock_that_is_behind_still_unlocks(store: SkillStore) -> None:
    store.set_policy(DEPLOY, Policy.LOCKED, "alice", NOON)
    store.set_policy(DEPLOY, Policy.AUTO, "bob", NOON - HOUR)
    assert store.policy(DEPLOY) is Policy.AUTO


# --- records


def test_records_come_back_as_they_were(store: SkillStore) -> None:
    clean = proposal(edits=proposal().edits[1:])
    store.record([attribution(), invocation(), verdict(), clean])
    assert store.attributions() == [attribution()]
    assert store.invocations() == [invocation()]
    assert store.verdicts() == [verdict()]
    assert store.proposals() == [clean]


def test_records_without_the_optional_parts(store: SkillStore) -> None:
    bare = invocation(version=None, content_sha256=None, version_source=VersionSource.UNKNOWN)
    plain = verdict(quote=None, version=None, content_sha256=None, reaction_ids=())
    empty = proposal(edits=(), checks=(), usage=None)
    store.record([bare, plain, empty, attribution(skills=())])
    assert store.invocations() == [bare]
    assert store.verdicts() == [plain]
    assert store.proposals() == [empty]
    assert store.attributions() == [attribution(skills=())]


def test_recording_twice_is_recording_once(store: SkillStore) -> None:
    rows = [attribution(), invocation(), verdict(), proposal()]
    store.record(rows)
    store.record(rows)
    store.record([attribution(project="other"), verdict(reason="other")])
    store.record([])
    counts = [len(store.attributions()), len(store.invocations()), len(store.verdicts()), len(store.proposals())]
    assert counts == [1, 1, 1, 1]
    assert store.attributions() == [attribution()]
    assert store.verdicts() == [verdict()]


@pytest.mark.parametrize("source", [VersionSource.TRANSCRIPT, VersionSource.UNKNOWN])
def test_what_the_transcript_says_replaces_what_the_disk_had(store: SkillStore, source: VersionSource) -> None:
    better = invocation(version=2, content_sha256="2" * 64, version_source=source)
    store.record([invocation()])
    store.record([better])
    assert store.invocations() == [better]
    store.record([invocation()])
    assert store.invocations() == [better]


@pytest.mark.parametrize("final", [ProposalStatus.PUBLISHED, ProposalStatus.REJECTED])
def test_a_final_proposal_never_opens_again(store: SkillStore, final: ProposalStatus) -> None:
    done = proposal(status=final, status_reason="done", edits=())
    store.record([proposal(edits=()), done])
    for status in ProposalStatus:
        store.record([proposal(status=status, edits=())])
    assert store.proposals() == [done]


@pytest.mark.parametrize("status", [ProposalStatus.OPEN, ProposalStatus.HELD, ProposalStatus.STALE])
def test_an_open_proposal_takes_its_newer_status(store: SkillStore, status: ProposalStatus) -> None:
    newer = proposal(status=status, not_before=NOON + HOUR, status_reason="later", edits=())
    store.record([proposal(status=ProposalStatus.HELD)])
    store.record([newer])
    assert store.proposals() == [newer]


def test_lists_are_newest_first_and_end_at_the_limit(store: SkillStore) -> None:
    for number in (2, 3, 1):
        store.record([attribution(number), invocation(number), verdict(number), proposal(number)])
    assert [row.id for row in store.attributions()] == ["attribution-3", "attribution-2", "attribution-1"]
    assert [row.id for row in store.attributions(2)] == ["attribution-3", "attribution-2"]
    assert [row.id for row in store.invocations(2)] == ["invocation-3", "invocation-2"]
    assert [row.id for row in store.verdicts(limit=2)] == ["verdict-3", "verdict-2"]
    assert [row.id for row in store.proposals(limit=2)] == ["proposal-3", "proposal-2"]


def test_verdicts_and_proposals_of_one_skill(store: SkillStore) -> None:
    store.record([verdict(1), verdict(2, ref=LINT), proposal(1), proposal(2, ref=LINT)])
    assert [row.id for row in store.verdicts(LINT)] == ["verdict-2"]
    assert [row.id for row in store.proposals(DEPLOY)] == ["proposal-1"]


@pytest.mark.parametrize("text", ["half a pair \ud83d", "a NUL \0 inside", "'; DROP TABLE verdicts; --", "%s :x ?"])
def test_no_text_can_stop_a_row(store: SkillStore, text: str) -> None:
    odd = proposal(root_cause=text, status_reason=text)
    store.record([verdict(reason=text, quote=text), odd, attribution(session_id=text, project=text)])
    assert (len(store.verdicts()), len(store.proposals()), len(store.attributions())) == (1, 1, 1)


# --- orgs


def test_an_org_sees_nothing_of_another(store: SkillStore, open_org: OpenOrg) -> None:
    first(store)
    store.set_policy(DEPLOY, Policy.LOCKED, "alice", NOON)
    store.record([attribution(), invocation(), verdict(), proposal(status=ProposalStatus.REJECTED)])
    other = open_org("other")
    assert other.head(DEPLOY) is None
    assert (other.history(DEPLOY), other.heads("alice")) == ([], [])
    assert other.policy(DEPLOY) is Policy.AUTO
    assert (other.attributions(), other.invocations(), other.verdicts(), other.proposals()) == ([], [], [], [])
    with pytest.raises(NotFound):
        other.folder(DEPLOY, 1)


def test_two_orgs_may_hold_the_same_skill(store: SkillStore, open_org: OpenOrg) -> None:
    other = open_org("other")
    ours = first(store)
    theirs = other.publish(publication(folder=folder("theirs\n", more_md=b"x")))
    assert (store.heads("bob"), other.heads("bob")) == ([ours], [theirs])
    newer = other.publish(publication("v2\n", theirs.content_sha256))
    assert (store.heads("bob"), other.heads("bob")) == ([ours], [newer])
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


def test_the_loops_publications_are_counted(store: SkillStore) -> None:
    first = store.publish(publication("v1\n", published_at=NOON))
    store.publish(
        publication("v2\n", parent_sha256=first.content_sha256, proposal=proposal(), published_at=NOON + HOUR)
    )
    assert [store.published_since(at) for at in (NOON, NOON + HOUR, NOON + HOUR + 1)] == [1, 1, 0]
