"""Random histories of two orgs: memory, SQLite and PostgreSQL must answer every call of the port alike.

`SKILLOPT_EXAMPLES=2000 pytest -n 0 tests/contract/test_histories.py` tries that many, others each time; without it a
few, always the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, multiple, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from hivemind_skillopt.model import (
    Annotation,
    Outcome,
    Policy,
    Proposal,
    ProposalStatus,
    Record,
    Scope,
    SkillFolder,
    SkillRef,
    SkillVersion,
    VersionSource,
)
from tests.contract.three_stores import Databases, Trio, databases
from tests.postgres import Postgres
from tests.store.values import DEPLOY, HOUR, LINT, NOON, attribution, folder, invocation, proposal, publication, verdict

FEW = 20
STEPS = 40
EXAMPLES = int(os.environ.get("SKILLOPT_EXAMPLES", FEW))

REFS = (DEPLOY, LINT, SkillRef("notes", "alice"))
USERS = ("alice", "bob", "carol")
NOTHING = (0, 0, 0)
"""The change numbers of a machine that has seen none."""

ID_STARTS = ("", "i", "invocation-", "invocation-1", "Invocation-2", "I", "%", "_", "nobody", "é", "\udcff", "\\")

refs = st.sampled_from(REFS)
users = st.sampled_from(USERS)
orgs = st.sampled_from((0, 0, 0, 1))
numbers = st.integers(1, 5)
times = st.builds(lambda hours, ns: NOON + hours * HOUR + ns, st.integers(-30, 30), st.sampled_from((0, 1, -1)))
words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
limits = st.sampled_from((0, 1, 2, 100))
folders = st.builds(
    lambda body, more: folder(f"b{body}\n", f"d{body % 2}", **more),
    st.integers(0, 5),
    st.sampled_from(({}, {}, {"notes_md": b"\0\xff"}, {"Zo_md": b"x", "a_md": b"x"})),
)  # fmt: skip


def proposals_of(number: int, **changes: Any) -> Proposal:
    """Its id decides about which skill it is: both are derived from the same invocation in real life."""
    return proposal(number, ref=REFS[number % 2], **changes)


proposed = st.builds(
    lambda number, reaction, invoked, at, **changes: proposals_of(
        number, reaction_id=f"reaction-{reaction}", invocation_id=f"invocation-{invoked}", proposed_at=at, **changes
    ),
    numbers, numbers, numbers, times,
    status=st.sampled_from(ProposalStatus),
    not_before=st.none() | times,
    status_reason=words,
)  # fmt: skip
records = st.one_of(
    st.builds(lambda n, **c: attribution(n, **c), numbers, project=words, started_at=times),
    st.builds(
        lambda n, **c: invocation(n, **c), numbers,
        ref=refs, invoked_at=times, version=st.none() | numbers, version_source=st.sampled_from(VersionSource),
        project=words, modified=st.booleans(), content_sha256=st.sampled_from((None, "1" * 64, "2" * 64)),
    ),
    st.builds(
        lambda n, **c: verdict(n, **c), numbers,
        ref=refs, judged_at=times, reason=words, quote=st.none() | words, confidence=st.floats(0, 1),
        outcome=st.sampled_from(Outcome),
    ),
    proposed,
)  # fmt: skip


class Histories(RuleBasedStateMachine):
    """Two orgs in the same databases. Every rule is one call of the port, on all three stores."""

    opened: ClassVar[Databases]
    points = Bundle("points")

    def __init__(self) -> None:
        super().__init__()
        self.orgs = (self.opened.new_org(), self.opened.new_org())
        self.published: tuple[set[str], ...] = (set(), set())

    @initialize(target=points)
    def nothing_is_known(self) -> Any:
        return multiple((0, "carol", NOTHING), (1, "alice", NOTHING))

    @rule(org=orgs, ref=refs, where=st.sampled_from(("head", "head", "head", "first", "none", "other")), by=users,
          what=folders, at=times, scope=st.sampled_from(Scope))  # fmt: skip
    def a_person_pushes(
        self, org: int, ref: SkillRef, where: str, by: str, what: SkillFolder, at: int, scope: Scope
    ) -> None:
        parent = self.parent(org, ref, where)
        request = publication(ref=ref, folder=what, parent=parent, published_by=by, published_at=at, scope=scope)
        self.publish(org, request)

    @rule(org=orgs, ref=refs, at=times, by=users, number=st.integers(1, 3))
    def a_person_rolls_back(self, org: int, ref: SkillRef, at: int, by: str, number: int) -> None:
        known = self.orgs[org].call("history", ref)
        if len(known) > 1:
            to = known[min(number, len(known) - 1) - 1]
            request = publication(
                ref=ref, folder=self.orgs[org].call("folder", ref, to.version), parent=known[-1].content_sha256,
                published_by=by, published_at=at, reverts_version=known[-1].version,
            )  # fmt: skip
            self.publish(org, request)

    @rule(org=orgs, proposed=proposed, where=st.sampled_from(("head", "head", "head", "first")), what=folders, at=times,
          per_day=st.sampled_from((None, None, 0, 1, 2)),
          cooldown=st.sampled_from((None, None, 0, 600, 7200)))  # fmt: skip
    def the_loop_publishes(
        self, org: int, proposed: Proposal, where: str, what: SkillFolder, at: int, per_day: int | None,
        cooldown: int | None,
    ) -> None:  # fmt: skip
        request = publication(
            ref=proposed.ref, folder=what, parent=self.parent(org, proposed.ref, where), published_by="carol",
            published_at=at, proposal=proposed, per_day=per_day, cooldown_seconds=cooldown,
        )  # fmt: skip
        self.publish(org, request)

    @rule(org=orgs, ref=refs, policy=st.sampled_from(Policy), user=users, at=times)
    def a_policy_is_set(self, org: int, ref: SkillRef, policy: Policy, user: str, at: int) -> None:
        self.orgs[org].call("set_policy", ref, policy, user, at)
        self.orgs[org].changes("carol", NOTHING)

    @rule(org=orgs, rows=st.lists(records, max_size=4), again=st.booleans())
    def rows_arrive(self, org: int, rows: list[Record], again: bool) -> None:
        for _ in range(1 + again):
            assert self.orgs[org].call("record", rows) is None

    @rule(org=orgs, number=numbers, said=numbers, outcome=st.sampled_from(Outcome), note=words, at=times)
    def a_person_says(self, org: int, number: int, said: int, outcome: Outcome, note: str, at: int) -> None:
        row = Annotation(f"annotation-{said}", f"invocation-{number}", DEPLOY, outcome, note, "bob", at)
        self.orgs[org].call("annotate", row)

    @rule(target=points, org=orgs, user=users)
    def a_machine_has_seen_everything(self, org: int, user: str) -> Any:
        return (org, user, self.orgs[org].newest_change(user))

    @rule(point=points)
    def a_machine_asks_what_is_new(self, point: tuple[int, str, tuple[int, ...]]) -> None:
        org, user, since = point
        for change in self.orgs[org].changes(user, since):
            assert change.head == self.orgs[org].call("head", change.head.ref)
            assert change.policy == self.orgs[org].call("policy", change.head.ref)
            assert change.head.scope is Scope.TEAM or change.head.ref.author == user

    @rule(org=orgs, at=times)
    def the_loops_publications_are_counted(self, org: int, at: int) -> None:
        self.orgs[org].call("published_since", at)

    @rule(org=orgs, ref=st.none() | refs, limit=limits)
    def lists(self, org: int, ref: SkillRef | None, limit: int) -> None:
        rows = [self.orgs[org].call(what, limit) for what in ("attributions", "invocations")]
        rows += [self.orgs[org].call(what, ref, limit) for what in ("verdicts", "proposals")]
        assert all(len(found) <= limit for found in rows)

    @rule(org=orgs, start=st.sampled_from(ID_STARTS))
    def an_invocation_is_looked_for(self, org: int, start: str) -> None:
        self.orgs[org].call("find_invocation", start)

    @rule(org=orgs, which=st.lists(numbers, max_size=3))
    def what_was_said(self, org: int, which: list[int]) -> None:
        self.orgs[org].call("annotations", [f"invocation-{number}" for number in which])

    @rule(org=orgs, ref=refs, version=st.integers(0, 4))
    def a_folder_is_fetched(self, org: int, ref: SkillRef, version: int) -> None:
        self.orgs[org].call("folder", ref, version)

    def parent(self, org: int, ref: SkillRef, where: str) -> str | None:
        """`first` is a stale one, as soon as there are two."""
        known = self.orgs[org].call("history", ref)
        which = {"head": known[-1:], "first": known[:1], "none": [], "other": known[:0]}[where]
        return "f" * 64 if where == "other" else which[0].content_sha256 if which else None

    def publish(self, org: int, request: Any) -> None:
        made = self.orgs[org].call("publish", request)
        if isinstance(made, SkillVersion):
            self.published[org].add(made.content_sha256)
            self.check_history(org, made.ref)
            self.orgs[org].changes("carol", NOTHING)

    def check_history(self, org: int, ref: SkillRef) -> None:
        trio = self.orgs[org]
        known = trio.call("history", ref)
        assert [version.version for version in known] == list(range(1, len(known) + 1))
        assert [version.parent_version for version in known] == [None, *range(1, len(known))][: len(known)]
        assert [version.parent_sha256 for version in known[1:]] == [version.content_sha256 for version in known[:-1]]
        assert (known or [None])[-1] == trio.call("head", ref)
        assert {version.content_sha256 for version in known} <= self.published[org], "of another org"

    def teardown(self) -> None:
        """Everything there is, once more and from all sides."""
        for org, trio in enumerate(self.orgs):
            for ref in REFS:
                self.check_history(org, ref)
                for version in trio.call("history", ref):
                    assert trio.call("folder", ref, version.version).content_sha256 == version.content_sha256
            for user in USERS:
                trio.changes(user, NOTHING)
            self.check_rows(trio)

    def check_rows(self, trio: Trio) -> None:
        for what in ("attributions", "invocations", "verdicts", "proposals"):
            ids = [row.id for row in trio.call(what)]
            assert len(ids) == len(set(ids)), f"{what} doubled"
        trio.call("annotations", [f"invocation-{number}" for number in range(1, 6)])
        published = [row for row in trio.call("proposals") if row.published_version and row.status == "published"]
        for same in ("invocation_id", "reaction_id"):
            once = [getattr(row, same) for row in published]
            assert len(once) == len(set(once)), f"one {same} was published twice"


@pytest.fixture
def opened(tmp_path: Path, postgres: Postgres) -> Iterator[Databases]:
    with databases(tmp_path, postgres.new_database()) as made:
        yield made


@pytest.mark.timeout(EXAMPLES * 5 + 300)
def test_all_three_stores_tell_the_same_history(opened: Databases) -> None:
    few = "SKILLOPT_EXAMPLES" not in os.environ
    chosen = settings(
        max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, database=None, derandomize=few,
        print_blob=not few, suppress_health_check=list(HealthCheck), report_multiple_bugs=False,
        phases=(Phase.generate,) if few else (Phase.generate, Phase.shrink),
    )  # fmt: skip
    run_machine(type("Histories", (Histories,), {"opened": opened}), settings=chosen)
