"""`store init`, `migrate`, `status`: what a team sees of its database, whatever state it is in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import psycopg
import pytest

from hivemind_skillopt.store.migrations import LOCK
from tests.cli.conftest import Cli
from tests.postgres import Postgres

NOT_MADE = "the database has no org store yet; make it once: `hivemind-skillopt store init`"
BEHIND = "it lacks m003_change_numbers); upgrade it for the whole team: `hivemind-skillopt store migrate`"
AHEAD = "the org store was changed by a newer hivemind-skillopt (m999_future); upgrade this one"


@pytest.fixture
def team(cli: Cli, postgres: Postgres) -> Cli:
    """A machine whose store is an empty database."""
    cli.environ["HIVEMIND_SKILLOPT_STORE"] = postgres.new_database()
    return cli


def change(team: Cli, statement: str) -> None:
    with psycopg.connect(team.environ["HIVEMIND_SKILLOPT_STORE"], autocommit=True) as connection:
        connection.execute(statement)


def make_older(team: Cli) -> None:
    change(team, "DELETE FROM schema_migrations WHERE name = 'm003_change_numbers'")


def doctor(team: Cli) -> dict[str, str]:
    checks = team.json("doctor", code=1)["checks"]
    found: dict[str, str] = next(one for one in checks if one["check"] == "store")
    return found


def refused_everywhere(team: Cli, line: str) -> None:
    """Every verb opens the store in one way."""
    assert line in team.fails("list")
    assert line in team.fails("push", team.skill())
    assert line in team.json("status")["store"]["failure"]
    assert line in team.run("store", "status", code=1).stderr
    found = doctor(team)
    assert found["level"] == "fail"
    assert line in found["message"]


def test_made_once(team: Cli) -> None:
    assert team.json("store", "init", "--dry-run")["applied"]
    facts = team.json("store", "status", code=1)
    assert (facts["state"], facts["usable"], facts["problem"]) == ("not_made", False, NOT_MADE)
    refused_everywhere(team, NOT_MADE)
    assert team.fails("store", "migrate").endswith("make it once: `hivemind-skillopt store init`")
    assert team.run("store", "init").stdout.endswith("is made\n")
    assert "already: nothing to do" in team.run("store", "init").stdout
    assert team.json("store", "init") == {
        "url": team.json("store", "status")["url"], "made": False, "applied": [], "dry_run": False,
    }  # fmt: skip
    team.run("push", team.skill())
    facts = team.json("store", "status")
    assert (facts["state"], facts["usable"], facts["problem"]) == ("ready", True, None)
    assert facts["server"].startswith("PostgreSQL 1")
    assert facts["rows"]["skills"] == 1
    assert facts["schema"]["missing"] == facts["schema"]["unknown"] == []
    found = doctor(team)
    assert found["level"] == "ok"
    assert " answers (PostgreSQL 1" in found["message"]


def test_an_older_one_waits_for_a_person(team: Cli) -> None:
    team.run("store", "init")
    make_older(team)
    refused_everywhere(team, BEHIND)
    assert team.json("store", "status", code=1)["state"] == "behind"
    assert BEHIND in team.fails("store", "init")
    said = team.run("store", "migrate", "--dry-run").stdout
    assert "lacks m003_change_numbers" in said
    assert "a teammate's older hivemind-skillopt says 'upgrade this one'" in said
    assert team.json("store", "migrate", "--dry-run")["applied"] == ["m003_change_numbers"]
    assert team.json("store", "status", code=1)["state"] == "behind"
    assert team.run("store", "migrate").stdout.endswith("applied m003_change_numbers\n")
    assert "nothing to do" in team.run("store", "migrate").stdout
    team.run("push", team.skill())


def test_a_newer_one_is_left_alone(team: Cli) -> None:
    team.run("store", "init")
    change(team, "INSERT INTO schema_migrations VALUES ('m999_future')")
    refused_everywhere(team, AHEAD)
    facts = team.json("store", "status", code=1)
    assert (facts["state"], facts["schema"]["unknown"]) == ("ahead", ["m999_future"])
    assert team.fails("store", "init") == team.fails("store", "migrate") == f"Error: {AHEAD}"


def test_tables_of_another_program_are_not_touched(team: Cli) -> None:
    change(team, "CREATE TABLE sessions (id int)")
    line = "the database has a table 'sessions' of another program; give the org store a database of its own"
    assert line in team.fails("store", "init")
    facts = team.json("store", "status", code=1)
    assert (facts["state"], facts["problem"]) == ("foreign", line)
    change(team, "CREATE TABLE schema_migrations (version text)")
    assert "'schema_migrations' of another program" in team.fails("store", "init", "--dry-run")
    assert "'schema_migrations' of another program" in team.fails("list")


def test_one_that_does_not_answer(cli: Cli) -> None:
    cli.environ["HIVEMIND_SKILLOPT_STORE"] = "postgresql://alice:hunter2@127.0.0.1:1/skills?sslmode=require"
    done = cli.run("store", "status", code=1)
    assert done.stdout == "store      postgresql://127.0.0.1:1/skills\n"
    assert "Connection refused" in done.stderr
    facts = cli.json("store", "status", code=1)
    assert (facts["state"], facts["url"]) == ("unreachable", "postgresql://127.0.0.1:1/skills")
    everything = [cli.run("status"), cli.run("doctor", code=1), cli.run("config", "get"), done]
    everything += [cli.run("store", verb, code=1) for verb in ("init", "migrate")]
    said = "".join(one.stdout + one.stderr for one in everything) + json.dumps(facts)
    assert not any(word in said for word in ("hunter2", "alice:", "sslmode"))


def test_a_file_is_made_by_its_first_use(cli: Cli) -> None:
    facts = cli.json("store", "status")
    assert (facts["state"], facts["usable"]) == ("not_made", True)
    assert "the first use makes it" in cli.run("store", "status").stdout
    assert not list(cli.home.rglob("store.db"))
    cli.run("store", "init")
    assert cli.json("store", "status")["server"].startswith("SQLite 3.")


def test_a_url_that_can_be_read_is_written_and_shown_without_credentials(cli: Cli) -> None:
    cli.run("config", "set", "store", "postgresql://alice:hunter2@db/skills?sslmode=verify-full")
    assert cli.run("config", "get", "store").stdout == "postgresql://db/skills\n"
    assert "libpq does not know" in cli.fails("config", "set", "store", "postgresql://db/skills?sslmod=require")
    cli.environ["HIVEMIND_SKILLOPT_STORE"] = "alice:hunter2@db/skills"
    assert cli.run("config", "get", "store").stdout == "***\n"


def test_eight_start_together_and_one_makes_it(team: Cli) -> None:
    """All wait for our lock, which the test holds until they do."""
    url = team.environ["HIVEMIND_SKILLOPT_STORE"]
    argv = [sys.executable, "-m", "hivemind_skillopt", "store", "init", "--json"]
    environ = {"PATH": os.environ["PATH"], "HOME": str(team.home), **team.environ}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        eight = [
            subprocess.Popen(argv, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(8)
        ]
        wait_for_eight(connection)
        connection.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
        done = [(one.communicate(timeout=60), one.returncode) for one in eight]
    assert [code for _, code in done] == [0] * 8, done
    assert sorted(json.loads(out)["made"] for (out, _), _ in done) == [False] * 7 + [True]
    assert team.json("store", "status")["state"] == "ready"


def wait_for_eight(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    deadline = time.monotonic() + 60
    while connection.execute(waiting).fetchall() != [(8,)]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_copied_there_and_back(cli: Cli, postgres: Postgres) -> None:
    cli.run("push", cli.skill())
    here = f"sqlite:///{cli.home}/.local/share/hivemind-skillopt/store.db"
    there, back = postgres.new_database(), f"sqlite:///{cli.home}/back.db"
    plan = cli.json("store", "copy", here, there, "--dry-run")
    assert (plan["dry_run"], plan["sha256"], plan["skill_versions"]) == (True, None, None)
    one, two = cli.json("store", "copy", here, there), cli.json("store", "copy", there, back)
    assert one["sha256"] == two["sha256"]
    assert one["skill_versions"] == 1
    assert "postgres@" not in one["to"]
    said = cli.run("store", "copy", here, there).stdout
    assert f"both stores hold the same: sha256 {one['sha256']}\n" in said
    assert cli.fails("store", "copy", here, here) == "Error: FROM and TO are the same store"
    assert "FROM" in cli.fails("store", "copy", "mysql://x:hunter2@y/z", there, code=2)
    assert "hunter2" not in cli.fails("store", "copy", here, "postgresql://u:hunter2#@db/x", code=2)
