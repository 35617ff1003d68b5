"""`proposals`: what a person reads before deciding, and what the decision does."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from hivemind_skillopt.model import Check, Edit, Op, Proposal, ProposalStatus, Result, SkillRef
from hivemind_skillopt.store.engine import open_store
from hivemind_skillopt.store.sql import SqlStore
from tests.cli.conftest import SKILL, Cli
from tests.store.values import NOON, invocation, proposal, verdict

REF = "deploy--alice"
ID = "9f1c2d3e4a5b" + "0" * 52
OTHER = "77aa88bb99cc" + "0" * 52
EDIT = Edit(Op.REPLACE, "2. Deploy.", "2. Ask for the port, then deploy.")
LOOK = "Line 8: adds a command: 'curl'. Look whether it may run for everybody."


@pytest.fixture
def store(cli: Cli) -> SqlStore:
    """A skill, and a proposal for it that the gate holds."""
    cli.run("push", cli.skill())
    cli.run("install", "--yes")
    cli.run("pull")
    store = open_store(f"sqlite:///{cli.home / '.local/share/hivemind-skillopt/store.db'}", "local")
    head = store.head(SkillRef.parse(REF))
    assert head
    store.record([invocation(1, ref=head.ref), verdict(1, ref=head.ref), held(head.content_sha256)])
    return store


def held(parent: str, **changes: object) -> Proposal:
    checks = (Check("body_changed", Result.PASS, "The body differs."), Check("shell_command", Result.HOLD, LOOK))
    values = {"id": ID, "ref": SkillRef.parse(REF), "parent_sha256": parent, "edits": (EDIT,), "checks": checks}
    status = {"status": ProposalStatus.HELD, "status_reason": "the gate holds it for a person"}
    return proposal(1, **values | status | changes)


@pytest.mark.usefixtures("store")
def test_what_waits_is_listed(cli: Cli) -> None:
    (one,) = cli.json("proposals", "list")
    assert (one["id"], one["ref"], one["status"]) == (ID, REF, "held")
    said = cli.run("proposals", "list").stdout
    assert ID[:12] in said
    assert "it says nothing about the port" in said
    cli.run("proposals", "reject", ID[:8], "--reason", "no")
    assert "no proposal waits" in cli.run("proposals", "list").stdout
    assert [one["status"] for one in cli.json("proposals", "list", REF, "--all")] == ["rejected"]


@pytest.mark.usefixtures("store")
def test_show_tells_everything_that_a_person_needs(cli: Cli) -> None:
    said = cli.run("proposals", "show", ID[:6]).stdout
    flat = " ".join(said.split())
    for part in (
        'because a user wrote: "no, the port is 8080"',
        "root cause: it says nothing about the port",
        "expected: fewer corrections, within 2 weeks",
        "if not: roll back",
        f"hold shell_command {LOOK}",
        "-2. Deploy.",
        "+2. Ask for the port, then deploy.",
        f"hivemind-skillopt proposals accept {ID[:12]}",
    ):
        assert part in flat, said
    assert all(len(line) <= 80 for line in said.splitlines()), said


def test_an_open_one_says_that_it_goes_out_by_itself(cli: Cli, store: SqlStore) -> None:
    sha, status = "0" * 64, {"status": ProposalStatus.OPEN, "status_reason": ""}
    later = held(sha, id=OTHER, not_before=NOON, **status)
    store.record([held(sha, **status), later])
    assert "by itself when its worker runs next, unless somebody rejects it" in flat(cli, ID)
    assert "by itself after 2024-10-04T12:00:00Z, unless somebody rejects it" in flat(cli, OTHER)
    assert "by itself" not in (cli.run("proposals", "reject", ID, "--reason", "no").stdout + flat(cli, ID))
    said = cli.run("proposals", "list").stdout
    assert said.split()[:6] == ["id", "skill", "status", "proposed", "root", "cause"]


def test_a_stale_one_waits_for_a_person_too(cli: Cli, store: SqlStore) -> None:
    store.record([held("0" * 64, status=ProposalStatus.STALE)])
    assert [one["status"] for one in cli.json("proposals", "list")] == ["stale"]
    assert "proposals accept" in flat(cli, ID)


@pytest.mark.usefixtures("store")
def test_the_checks_are_counted_with_what_only_todays_head_shows(cli: Cli) -> None:
    assert "The gate: 1 of 2 checks found something" in flat(cli, ID)
    cli.run("push", cli.skill(text=SKILL.replace("2. Deploy.", "2. Ship.")))
    said = flat(cli, ID)
    found, total = map(int, re.findall(r"The gate: (\d+) of (\d+) checks", said)[0])
    assert found == len(re.findall(r"(?:hold|refuse) [a-z_]+ ", said.partition("The gate")[2]))
    assert total == 2 + found - 1 - said.count("refuse body_changed")


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("decision", [("accept", ID), ("reject", ID, "--reason", "no")])
def test_one_that_is_decided_still_shows_what_it_wanted(cli: Cli, decision: tuple[str, ...]) -> None:
    cli.run("proposals", *decision)
    said = flat(cli, ID)
    assert f"1 of 2 checks found something hold shell_command {LOOK}" in said
    assert "@@ replace @@ -2. Deploy. +2. Ask for the port, then deploy." in said
    assert "proposals accept" not in said


def flat(cli: Cli, which: str) -> str:
    """What `show` says, on one line."""
    return " ".join(cli.run("proposals", "show", which).stdout.split())


def test_accept_publishes_on_todays_head_in_the_persons_name(cli: Cli, store: SqlStore) -> None:
    newer = SKILL.replace("1. Build.", "1. Build it.")
    cli.run("push", cli.skill(text=newer))
    cli.environ["HIVEMIND_USER"] = "bob"
    assert "would publish deploy--alice v3" in cli.run("proposals", "accept", ID, "--dry-run").stdout
    assert len(cli.json("history", REF)) == 2
    assert "published deploy--alice v3" in cli.run("proposals", "accept", ID).stdout
    head = store.head(SkillRef.parse(REF))
    assert head
    assert (head.version, head.published_by, head.proposal_id) == (3, "bob", ID)
    assert head.contributors[-2:] == ("bob", "skillopt")
    text = store.folder(head.ref, 3).skill_md.decode()
    assert text.endswith("1. Build it.\n2. Ask for the port, then deploy.\n")
    (row,) = cli.json("proposals", "list", "--all")
    assert (row["status"], row["published_version"]) == ("published", 3)
    assert "it was published as deploy--alice v3" in cli.fails("proposals", "accept", ID)
    assert "rollback deploy--alice --to 2" in cli.fails("proposals", "reject", ID, "--reason", "late")


@pytest.mark.usefixtures("store")
def test_what_no_longer_fits_cannot_be_accepted(cli: Cli) -> None:
    cli.run("push", cli.skill(text=SKILL.replace("2. Deploy.", "2. Ship.")))
    said = cli.run("proposals", "show", ID).stdout
    assert "refuse edit_count" in said
    assert "it no longer fits" in said
    assert "proposals accept" not in said
    assert "it cannot be published" in cli.fails("proposals", "accept", ID)
    assert len(cli.json("history", REF)) == 2


@pytest.mark.usefixtures("store")
def test_a_locked_skill_takes_none(cli: Cli) -> None:
    cli.run("lock", REF)
    assert "locked" in cli.fails("proposals", "accept", ID)


def test_a_no_is_remembered_for_the_same_edits(cli: Cli, store: SqlStore) -> None:
    head = store.head(SkillRef.parse(REF))
    assert head
    told = cli.run("proposals", "reject", ID, "--reason", "wrong port; key AKIAIOSFODNN7EXAMPLE").stdout
    assert "is rejected" in told
    assert "alice: wrong port; key [redacted:aws-access-key]" in told
    (row,) = store.proposals(head.ref)
    assert (row.status, "AKIA" in row.status_reason) == (ProposalStatus.REJECTED, False)
    assert "it was rejected (alice: wrong port" in cli.fails("proposals", "accept", ID)
    store.record([held(head.content_sha256, id=OTHER, invocation_id="i2", reaction_id="r2")])
    assert "rejected before" in cli.fails("proposals", "accept", OTHER)


def test_no_row_steers_the_terminal(cli: Cli, store: SqlStore) -> None:
    head = store.head(SkillRef.parse(REF))
    assert head
    evil = "\x1b]0;owned\x07[bold]"
    edits = (replace(EDIT, content=f"2. Deploy {evil}."),)
    store.record([held(head.content_sha256, id=OTHER, edits=edits, root_cause=evil, generality=evil, proposed_by=evil)])
    for verb in (("list",), ("show", OTHER), ("reject", OTHER, "--reason", evil)):
        said = cli.run("proposals", *verb).stdout
        assert "\x1b" not in said
        assert "[bold]" in said


@pytest.mark.usefixtures("store")
def test_errors_are_one_line(cli: Cli) -> None:
    assert "no proposal 'ffffff'" in cli.fails("proposals", "show", "ffffff")
    assert "6 characters" in cli.fails("proposals", "accept", "9f1", code=2)
    assert "--reason" in cli.fails("proposals", "reject", ID, code=2)
    assert "say why" in cli.fails("proposals", "reject", ID, "--reason", " ", code=2)
