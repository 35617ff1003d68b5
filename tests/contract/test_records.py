"""SkillStore: rows that are sent at least once."""

from __future__ import annotations

import pytest

from hivemind_skillopt.model import ProposalStatus, VersionSource
from hivemind_skillopt.ports import SkillStore
from tests.contract.publishing import OpenOrg
from tests.store.values import DEPLOY, HOUR, LINT, NOON, attribution, invocation, proposal, verdict


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


def test_rows_by_their_ids(store: SkillStore) -> None:
    """More ids than one query takes; what has not come yet is left out."""
    verdicts = [verdict(number) for number in range(1101)]
    proposals = [proposal(number, edits=()) for number in range(3)]
    store.record([*verdicts, *proposals])
    ids = [row.id for row in verdicts]
    assert store.find_verdicts([*ids, ids[0], "not-yet"]) == {row.id: row for row in verdicts}
    assert store.find_proposals(["proposal-2", "proposal-0", "not-yet"]) == {
        row.id: row for row in (proposals[2], proposals[0])
    }
    assert (store.find_verdicts([]), store.find_proposals([])) == ({}, {})


def test_ids_are_the_orgs_own(store: SkillStore, open_org: OpenOrg) -> None:
    store.record([verdict(), proposal()])
    other = open_org("other")
    assert (other.find_verdicts(["verdict-1"]), other.find_proposals(["proposal-1"])) == ({}, {})


def test_rows_with_one_id_in_one_batch_come_in_their_order(store: SkillStore) -> None:
    better = invocation(version=2, content_sha256="2" * 64, version_source=VersionSource.TRANSCRIPT)
    done = proposal(status=ProposalStatus.REJECTED, status_reason="done", edits=())
    held = proposal(status=ProposalStatus.HELD, status_reason="held", edits=())
    again = [verdict(), verdict(reason="other"), attribution(), attribution(project="other")]
    store.record([invocation(), proposal(edits=()), better, held, *again, invocation(), done, proposal(edits=())])
    assert (store.invocations(), store.proposals()) == ([better], [done])
    assert (store.verdicts(), store.attributions()) == ([verdict()], [attribution()])


def test_many_rows_at_once(store: SkillStore) -> None:
    rows = [make(n) for n in range(120) for make in (attribution, invocation, verdict)]
    store.record(rows)
    store.record([*rows[50:], verdict(500)])
    assert sorted(row.id for row in store.attributions(500)) == sorted(f"attribution-{n}" for n in range(120))
    assert len(store.verdicts(limit=500)) == 121
    assert {row.id: row for row in store.invocations(500)} == {f"invocation-{n}": invocation(n) for n in range(120)}
