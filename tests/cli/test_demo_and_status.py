"""demo and status: what a new user runs first."""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path

from click.testing import CliRunner
from sqlalchemy import insert

from hivemind_skillopt.cli.main import main
from hivemind_skillopt.model import Reaction
from hivemind_skillopt.settings import Limits
from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.jobs import Jobs
from hivemind_skillopt.state.schema import windows
from tests.cli.conftest import Cli


def test_the_demo_tells_the_whole_story(cli: Cli, tmp_path: Path) -> None:
    cli.environ["TMPDIR"] = str(tmp_path)
    before = sorted(os.listdir(tmp_path))
    said = cli.run("demo").stdout
    for part in (
        "window_opened", "published", "skill_fault, confidence 0.92\n", '"always ask which environment first"',
        "-2. Deploy it to production.", "+2. Always ask the user which environment first", '"ab_bucket"',
    ):  # fmt: skip
        assert part in said
    assert sorted(os.listdir(tmp_path)) == before, "the temporary home is gone"
    assert os.listdir(cli.home) == [".claude"], "nothing of the user's was touched"


def test_the_demo_ignores_the_users_own_settings(cli: Cli) -> None:
    cli.environ |= {"HIVEMIND_SKILLOPT_DISABLED": "1", "HIVEMIND_SKILLOPT_MODE": "off", "CLAUDE_CONFIG_DIR": "/x"}
    assert cli.json("demo")["verdict"]["outcome"] == "skill_fault"


def test_status_of_an_empty_machine(cli: Cli) -> None:
    facts = cli.json("status")
    assert {"store", "harnesses", "windows_open", "inbox", "jobs", "outbox", "last_worker_run", "today"} <= set(facts)
    assert {"judge_calls", "publications", "cost_usd"} <= set(facts["today"])
    assert "none is set up" in cli.run("status").stdout


def test_status_tells_a_vanished_settings_file(cli: Cli) -> None:
    cli.run("install", "--yes")
    assert cli.json("status")["harnesses"][0]["problem"] is None
    cli.settings.unlink()
    assert "install` again" in cli.json("status")["harnesses"][0]["problem"]


CAPS = {
    "judge_calls_per_day": ("MAX_JUDGE_CALLS_PER_DAY", "judge_calls_cap", "of 51 judge calls"),
    "tokens_per_day": ("MAX_TOKENS_PER_DAY", "tokens_cap", "of 51 tokens"),
    "usd_per_day": ("MAX_USD_PER_DAY", "cost_usd_cap", "of 51 USD"),
    "publications_per_day": ("MAX_PUBLICATIONS_PER_DAY", "publications_cap_per_skill", "at most 51,"),
    "cooldown_seconds": ("COOLDOWN_SECONDS", "cooldown_seconds", "51 s apart"),
}
"""Field of Limits: its variable, its key in JSON, what a person reads. The confidence floor limits no spending."""


SHARES = ("share_per_skill", "share_per_session")


def test_each_cap_is_shown(cli: Cli) -> None:
    assert {field.name for field in fields(Limits)} - {"confidence_floor", *SHARES} == set(CAPS)
    cli.environ = {f"HIVEMIND_SKILLOPT_{name}": "51" for name, _, _ in CAPS.values()}
    today, text = cli.json("status")["today"], cli.run("status").stdout
    for _, key, shown in CAPS.values():
        assert (today[key], shown in text) == (51, True), key
    assert (today["proposer_calls_cap"], "0 of 51 proposer calls" in text) == (51, True)


def test_each_share_is_shown_and_is_one(cli: Cli) -> None:
    cli.environ = {f"HIVEMIND_SKILLOPT_MAX_{name.upper()}": f"0.{n}" for n, name in enumerate(SHARES, start=51)}
    today, text = cli.json("status")["today"], cli.run("status").stdout
    assert [today[name] for name in SHARES] == [0.51, 0.52]
    assert "of these at most 51% a skill, 52% a session" in text
    cli.environ = {"HIVEMIND_SKILLOPT_MAX_SHARE_PER_SKILL": "51"}
    assert "use a number from 0 to 1" in cli.fails("config", "get")


def test_status_fits_a_terminal(cli: Cli) -> None:
    cli.run("install", "--yes")
    assert max(map(len, cli.run("status").stdout.splitlines())) <= 80


def item(cli: Cli, number: int, **carried: str) -> None:
    """A session began, as its recorder tells it."""
    inbox = cli.home / ".local/state/hivemind-skillopt/inbox"
    inbox.mkdir(parents=True, exist_ok=True)
    head = ["hivemind-skillopt inbox 1", "harness=claude_code", "event=SessionStart", f"HOME={cli.home}"]
    head += [f"{name}={value}" for name, value in carried.items()]
    (inbox / f"{number:020d}-x").write_text("\n".join(head) + '\n\n{"session_id": "s1"}')


def test_what_waits_for_another_home_or_store_is_named(cli: Cli) -> None:
    item(cli, 1)
    assert cli.json("status")["elsewhere"] == []
    for number in (2, 3):
        item(cli, number, CLAUDE_CONFIG_DIR=f"{cli.home}/work")
    item(cli, 4, HIVEMIND_ORG_ID="other")
    assert cli.json("status")["elsewhere"] == [
        {"home": None, "another_store": True, "inbox": 1, "jobs": 0},
        {"home": f"{cli.home}/work", "another_store": False, "inbox": 2, "jobs": 0},
    ]
    text = cli.run("status").stdout
    assert "inbox 4" in text
    assert "of these for the home ~/work: inbox 2, jobs 0" in text
    assert "of these for another store: inbox 1, jobs 0" in text


def test_jobs_that_wait_for_another_store_are_named(cli: Cli) -> None:
    cli.json("status")
    database = Database(cli.home / ".local/state/hivemind-skillopt/state.db")
    window = {"harness": "claude_code", "session_id": "s1", "opened_at": 0, "closed": "turns", "value": ""}
    with database.transaction() as connection:
        connection.execute(insert(windows).values(**window, id="w", store_id="another", home=str(cli.home / ".claude")))
    Jobs(database).add_reaction(Reaction("r", "w", 1, "no"), judged=True)
    database.close()
    assert cli.json("status")["elsewhere"] == [{"home": None, "another_store": True, "inbox": 0, "jobs": 1}]


def test_store_credentials_are_never_shown(cli: Cli) -> None:
    cli.environ["HIVEMIND_SKILLOPT_STORE"] = "postgresql://me:hunter2@db/x?password=hunter2"
    said = [cli.run("status"), cli.run("status", "--json"), cli.run("list", code=1)]
    assert "postgresql" in said[0].stdout
    assert "hunter2" not in "".join(done.stdout + done.stderr for done in said)


def test_broken_settings_are_one_line(cli: Cli) -> None:
    for name, value in [("MODE", "obsrve"), ("JUDGE_WINDOW", "0"), ("MAX_USD_PER_DAY", "much")]:
        cli.environ = {f"HIVEMIND_SKILLOPT_{name}": value}
        assert f"HIVEMIND_SKILLOPT_{name}" in cli.fails("status")


def verbs_in(help_text: str) -> list[str]:
    return [line.split()[0] for line in help_text.split("Commands:")[1].splitlines() if line.strip()]


def help_of(verb: list[str]) -> str:
    """As a terminal of 80 columns shows it."""
    shown = CliRunner().invoke(main, [*verb, "--help"], prog_name="python -m hivemind_skillopt", terminal_width=80)
    assert shown.exit_code == 0, shown.output
    return shown.output


def test_every_verb_has_help(cli: Cli) -> None:
    """The first as a process, the others by the same parser in this one."""
    verbs = [[verb] for verb in verbs_in(cli.run("--help").stdout)]
    assert help_of(verbs[0]) == cli.run(*verbs[0], "--help").stdout
    assert len(verbs) >= 20
    for verb in verbs:
        text = help_of(verb)
        assert all(len(line) <= 80 for line in text.splitlines()), verb
        if "Commands:" in text:
            assert "..." not in text.split("Commands:")[1], f"cut short: {verb}"
            verbs += [[*verb, part] for part in verbs_in(text)]  # read on while we go
        else:
            assert "--json" in text, verb
