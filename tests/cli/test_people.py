"""What people say and take back: verdicts, annotate, rollback, lock, unlock."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from hivemind_skillopt.model import Outcome, ProposalStatus, SkillRef
from hivemind_skillopt.settings import Mode, OrgMode
from hivemind_skillopt.store.engine import open_store
from hivemind_skillopt.store.rules import FORGOTTEN
from hivemind_skillopt.store.sql import SqlStore
from tests.cli.conftest import SKILL, Cli
from tests.store.values import invocation, proposal, verdict

REF = "deploy--alice"
AGO = re.compile(r"\d+ s\b")
ID = "40fdd8ab9c1b" + "0" * 52


@pytest.fixture
def store(cli: Cli) -> SqlStore:
    """Two versions of a skill, and one use that was judged twice."""
    cli.run("push", cli.skill())
    cli.run("install", "--yes")
    cli.run("pull")
    cli.run("push", cli.skill(text=SKILL.replace("2. Deploy.", "2. Ask, then deploy.")))
    store = open_store(f"sqlite:///{data(cli)}/store.db", "local")
    ref = SkillRef.parse(REF)
    judged = {"ref": ref, "invocation_id": ID}
    store.record(
        [
            invocation(1, id=ID, ref=ref),
            verdict(1, outcome=Outcome.UNCLEAR, quote=None, reason="early", **judged),
            verdict(2, reason="Step 2 [bold]deploys[/] without asking.", **judged),
            proposal(1, ref=ref, invocation_id=ID, status=ProposalStatus.PUBLISHED, published_version=2),
        ]
    )
    return store


def data(cli: Cli) -> Path:
    return cli.home / ".local" / "share" / "hivemind-skillopt"


@pytest.mark.usefixtures("store")
def test_verdicts_shows_the_newest_of_each_use(cli: Cli) -> None:
    said = cli.run("verdicts").stdout
    assert "skill_fault, confidence 0.85" in said
    assert "Step 2 [bold]deploys[/] without asking." in said
    assert 'the user wrote: "no, the port is 8080"' in said
    assert "early" not in said
    assert all(len(line) <= 80 for line in said.splitlines())
    assert len(cli.json("verdicts", REF, "--all")) == 2
    assert "not in the store" in cli.fails("verdicts", "other--bob")


@pytest.mark.usefixtures("store")
def test_a_persons_word_overrides_the_judge(cli: Cli) -> None:
    told = cli.run("annotate", ID[:8], "--outcome", "agent_fault", "--note", "key AKIAIOSFODNN7EXAMPLE").stdout
    assert f"hivemind-skillopt rollback {REF} --to 1" in told
    (shown,) = cli.json("verdicts")
    assert (shown["outcome"], shown["judge"]["outcome"]) == ("agent_fault", "skill_fault")
    assert (shown["annotation"]["by"], "AKIA" in shown["annotation"]["note"]) == ("alice", False)
    assert "alice says agent_fault, the judge said skill_fault" in cli.run("verdicts").stdout
    cli.run("annotate", ID, "--outcome", "ok", "--dry-run")
    assert cli.json("verdicts")[0]["outcome"] == "agent_fault"


@pytest.mark.usefixtures("store")
def test_annotate_names_what_is_wrong(cli: Cli) -> None:
    assert "no invocation 'ffffff'" in cli.fails("annotate", "ffffff", "--outcome", "ok")
    assert "6 characters" in cli.fails("annotate", "40f", "--outcome", "ok", code=2)
    assert "not one of ok, skill_fault" in cli.fails("annotate", ID, "--outcome", "fine", code=2)


def test_rollback_is_a_new_version_with_the_old_bytes(cli: Cli, store: SqlStore) -> None:
    assert "would publish" in cli.run("rollback", REF, "--to", "1", "--dry-run").stdout
    assert len(cli.json("history", REF)) == 2
    cli.run("rollback", REF, "--to", "v1")
    shas = [version["sha256"] for version in cli.json("history", REF)]
    assert (len(shas), shas[0]) == (3, shas[2])
    assert store.history(SkillRef.parse(REF))[-1].reverts_version == 1
    assert "rolled back to v1" in cli.run("history", REF).stdout
    cli.run("pull")
    assert "2. Deploy." in (cli.pulled / "SKILL.md").read_text()


@pytest.mark.usefixtures("store")
def test_rollback_names_what_is_wrong(cli: Cli) -> None:
    assert "already has the bytes of v2" in cli.fails("rollback", REF, "--to", "2")
    assert "has no v9" in cli.fails("rollback", REF, "--to", "9")
    assert "not in the store" in cli.fails("rollback", "no--body", "--to", "1")


def test_the_orgs_mode_is_set_for_everybody(cli: Cli, store: SqlStore) -> None:
    assert "mode auto, nobody has set it" in cli.run("store", "mode").stdout
    assert "would be review (was auto)" in cli.run("store", "mode", "review", "--dry-run").stdout
    assert store.org_mode() == OrgMode()
    assert "is review (was auto)" in cli.run("store", "mode", "review").stdout
    assert "is review (as before)" in cli.run("store", "mode", "review").stdout
    assert "set by alice" in cli.run("store", "mode").stdout
    shown = cli.json("store", "mode")
    assert (shown["mode"], shown["set_by"], store.org_mode().mode) == ("review", "alice", "review")
    assert "on, mode review (the org's, by alice 0 s ago; yours is auto)" in AGO.sub("0 s", cli.run("status").stdout)
    assert (cli.json("status")["mode"], cli.json("status")["org_mode"]) == ("auto", "review")
    assert cli.json("store", "mode", "auto")["before"] == "review"
    assert "on, mode auto\n" in cli.run("status").stdout
    cli.run("store", "mode", "review")
    cli.environ["HIVEMIND_SKILLOPT_MODE"] = "observe"
    assert "on, mode observe\n" in cli.run("status").stdout
    assert "not one of off, observe, review, auto" in cli.fails("store", "mode", "loud", code=2)


def test_an_orgs_mode_that_somebody_forged_speaks_on_one_line(cli: Cli, store: SqlStore) -> None:
    store.set_org_mode(OrgMode(Mode.OBSERVE, "bob\nstore      all is fine", 1))
    for told in (cli.run("status").stdout, cli.run("store", "mode").stdout):
        assert "bob store all is fine" in told


def forge_mode(cli: Cli, mode: str, set_at: str, change: int) -> None:
    row = ("local", change, mode, "eve", set_at)
    with sqlite3.connect(data(cli) / "store.db") as database:
        database.execute("INSERT INTO org_modes (org, change, mode, set_by, set_at) VALUES (?, ?, ?, ?, ?)", row)


@pytest.mark.parametrize(("mode", "set_at"), [("loud", "1"), ("observe", "never")])
@pytest.mark.usefixtures("store")
def test_an_orgs_mode_that_nobody_can_read_hides_nothing_and_is_mended(cli: Cli, mode: str, set_at: str) -> None:
    forge_mode(cli, mode, set_at, change=1)
    shown = cli.json("status")
    assert (shown["proposals_to_review"], shown["today"]["publications"], shown["org_mode"]) == (0, 0, None)
    assert shown["store"]["failure"]
    cli.fails("store", "mode")
    assert "would be auto (was unreadable)" in cli.run("store", "mode", "auto", "--dry-run").stdout
    assert cli.json("store", "mode", "auto")["before"] is None
    assert "mode auto, set by alice" in cli.run("store", "mode").stdout


@pytest.mark.usefixtures("store")
def test_an_orgs_mode_that_cannot_be_mended_is_not_said_to_be(cli: Cli) -> None:
    forge_mode(cli, "observe", "never", change=900_000)
    assert "have the row removed" in cli.fails("store", "mode", "auto")


def test_lock_and_unlock_set_the_policy_for_everybody(cli: Cli, store: SqlStore) -> None:
    ref = SkillRef.parse(REF)
    assert "is locked (was auto)" in cli.run("lock", REF).stdout
    assert store.policy(ref) == "locked"
    assert "as before" in cli.run("lock", REF).stdout
    cli.run("unlock", REF, "--dry-run")
    assert store.policy(ref) == "locked"
    assert cli.json("unlock", REF, "--review") == {
        "ref": REF, "policy": "review", "before": "locked", "dry_run": False,
    }  # fmt: skip
    cli.run("unlock", REF)
    assert store.policy(ref) == "auto"
    assert "not in the store" in cli.fails("lock", "no--body")


def test_forgetting_is_tried_first(cli: Cli, store: SqlStore) -> None:
    ref, waits = SkillRef.parse(REF), "5" * 64
    store.record([invocation(3, id=waits, ref=ref, session_id="session-3"), proposal(3, ref=ref, invocation_id=waits)])
    for wish in (("--dry-run",), ()):
        assert "nothing is kept" in cli.fails("forget", "--session", "session-of-nobody", *wish)
        told = cli.run("forget", "--session", "session-3", *wish).stdout
        assert "in the store: words of verdicts 0, of unpublished proposals 1" in told
        (found,) = store.find_proposals(["proposal-3"]).values()
        assert bool(found.edits) is bool(wish)
    assert cli.json("proposals", "list", "--all")[0]["root_cause"] == FORGOTTEN
    assert "rejected" in cli.run("proposals", "show", "proposal-3").stdout
    assert "nothing is kept" in cli.fails("forget", "--session", "session-3", "--dry-run")
