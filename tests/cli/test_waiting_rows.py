"""What `status` says of rows that have not arrived, and what to do."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest

from hivemind_skillopt.model import SECOND
from hivemind_skillopt.settings import load_settings
from hivemind_skillopt.state.back_off import BackOff
from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.outbox import Outbox
from hivemind_skillopt.state.outbox_limit import Limit
from tests.cli.conftest import Cli
from tests.store.values import attribution, verdict

AGAIN = "the store is asked again"


@pytest.fixture
def state(cli: Cli) -> Iterator[tuple[Database, str]]:
    """This person's state.db, and which store its rows are for."""
    cli.environ["HIVEMIND_SKILLOPT_STATE_DIR"] = str(cli.home / "state")
    cli.environ["HIVEMIND_SKILLOPT_STORE"] = f"sqlite:///{cli.home}/store.db"
    settings = load_settings({"HOME": str(cli.home), **cli.environ})
    settings.paths.state.mkdir()
    database = Database(settings.paths.state_db)
    yield database, settings.store_id
    database.close()


def about_rows(cli: Cli) -> list[str]:
    """The lines from `outbox` to the next heading, without their indent."""
    lines = cli.run("status").stdout.splitlines()
    heading = next((n for n, line in enumerate(lines) if line.startswith("outbox ")), len(lines))
    rest = (n for n, line in enumerate(lines) if n > heading and not line.startswith("  "))
    return [line[11:] for line in lines[heading : next(rest, None)]]


def test_few_rows_on_their_way_are_no_news(cli: Cli, state: tuple[Database, str]) -> None:
    Outbox(*state).add(attribution())
    assert about_rows(cli) == []


def test_a_store_that_fails(cli: Cli, state: tuple[Database, str]) -> None:
    """Before the worker has asked it, and after."""
    Outbox(*state).add(attribution(), verdict())
    (cli.home / "store.db").mkdir()
    size, again = about_rows(cli)
    assert " bytes wait, the oldest row of " in size
    assert again == f"{AGAIN} at the next session's start, or by `worker run`"
    BackOff(*state, draw=lambda: 1.0).failed(time.time_ns() + 600 * SECOND)
    _, again = about_rows(cli)
    assert re.fullmatch(rf"{AGAIN} in (9|10) min, or by `worker run`", again)


def test_rows_for_another_store(cli: Cli, state: tuple[Database, str]) -> None:
    Outbox(state[0], "the one before").add(attribution(), verdict())
    assert about_rows(cli) == ["2 rows are for another store, and wait until that one is set again"]


def test_rows_that_were_given_up_or_refused(cli: Cli, state: tuple[Database, str]) -> None:
    small = Outbox(*state, Limit(rows=2))
    small.add(*(attribution(number, started_at=time.time_ns()) for number in range(1, 5)))
    small.set_aside([small.first().last], "it is too good")
    assert about_rows(cli) == [
        "full: 2 rows were dropped lately, oldest attributions first",
        "set aside: 1 Attribution rows: it is too good",
        "`worker run --now` sends these once more",
    ]
