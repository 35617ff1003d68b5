"""The caps on model calls: of a day, a skill, a session. Each is asked before a call."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hivemind_skillopt.errors import BudgetSpent
from hivemind_skillopt.model import DAY, Usage
from hivemind_skillopt.settings import Limits
from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.schema import MIGRATIONS, calls, m005_whose_calls
from hivemind_skillopt.state.spending import Spending, Use


def test_the_days_caps_hold_before_a_call_is_made(database: Database) -> None:
    now = 5 * DAY + 7
    spending = Spending(database, Limits(judge_calls_per_day=2, usd_per_day=1.0), lambda: now)
    uses = iter([Use(f"skill-{n}--alice", f"s{n}") for n in range(9)])

    def reserve(role: str) -> int:
        return spending.reserve(role, next(uses))

    call = reserve("judge")
    spending.settle(call, Usage("s", "m", input_tokens=5, output_tokens=2, cost_usd=0.25))
    reserve("judge")
    with pytest.raises(Exception, match="2 judge calls are used up"):
        reserve("judge")
    spending.settle(reserve("proposer"), Usage("s", "m", cost_usd=0.75))
    with pytest.raises(Exception, match="USD are used up"):
        reserve("proposer")
    spent = spending.today()
    assert (spent.judge_calls, spent.tokens, spent.cost_usd, spent.unpriced_calls) == (2, 7, 1.0, 1)
    tomorrow = Spending(database, Limits(), lambda: now + DAY)
    assert tomorrow.today().judge_calls == 0


ONE, OTHER = Use("deploy--alice", "claude_code s1"), Use("lint--bob", "claude_code s1")
LATER, AGAIN = Use("deploy--alice", "claude_code s2"), Use("deploy--alice", "claude_code s4")
RICH = Limits(judge_calls_per_day=1000, usd_per_day=1000.0)
JUDGED = Usage("s", "m", input_tokens=60, output_tokens=40, cost_usd=1.0)


@pytest.mark.parametrize(
    ("limits", "calls", "beyond", "why"),
    [
        (replace(RICH, judge_calls_per_day=8), [ONE, OTHER], OTHER, "today's 2 judge calls for one session"),
        (replace(RICH, judge_calls_per_day=4), [ONE, LATER], AGAIN, "today's 2 judge calls for deploy--alice"),
        (replace(RICH, tokens_per_day=800), [ONE, OTHER], ONE, "today's 200 tokens for one session"),
        (replace(RICH, usd_per_day=4), [ONE, LATER], AGAIN, "today's 2 USD for deploy--alice"),
        (replace(RICH, judge_calls_per_day=2), [ONE, Use("a--b", "s3")], AGAIN, "today's 2 judge calls are used up"),
    ],
)
def test_no_skill_and_no_session_takes_it_all(
    database: Database, limits: Limits, calls: list[Use], beyond: Use, why: str
) -> None:
    spending = Spending(database, limits, lambda: 5 * DAY)
    for use in calls:
        budget = spending.of_use(use)
        budget.settle(budget.reserve("judge"), JUDGED)
    with pytest.raises(BudgetSpent, match=why):
        spending.of_use(beyond).reserve("judge")
    elsewhere = Use("another--skill", "another session")
    if "for" in why:
        spending.of_use(elsewhere).reserve("judge")


@pytest.mark.parametrize(
    ("calls", "beyond", "why"),
    [
        ([ONE, OTHER], OTHER, "today's 2 proposer calls for one session are used up"),
        ([ONE, LATER, LATER, AGAIN], AGAIN, "today's 4 proposer calls for deploy--alice are used up"),
        ([Use(f"a{n}--b", f"s{n}") for n in range(8)], AGAIN, "today's 8 proposer calls are used up"),
    ],
)
def test_proposer_calls_have_the_same_cap_where_neither_tokens_nor_usd_are_known(
    database: Database, calls: list[Use], beyond: Use, why: str
) -> None:
    spending = Spending(database, replace(RICH, judge_calls_per_day=8), lambda: 5 * DAY)
    for use in calls:
        budget = spending.of_use(use)
        budget.settle(budget.reserve("proposer"), Usage("s", "m"))
    with pytest.raises(BudgetSpent, match=why):
        spending.of_use(beyond).reserve("proposer")
    spending.of_use(beyond).reserve("judge")
    assert (spending.today().proposer_calls, spending.today().judge_calls) == (len(calls), 1)


def test_a_small_cap_leaves_each_skill_one_call(database: Database) -> None:
    spending = Spending(database, Limits(judge_calls_per_day=1), lambda: 5 * DAY)
    spending.of_use(ONE).reserve("judge")
    with pytest.raises(BudgetSpent, match="today's 1 judge calls are used up"):
        spending.of_use(LATER).reserve("judge")


def test_calls_of_before_the_shares_are_nobodys(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.db")
    with database.transaction() as connection:
        for index in calls.indexes:
            index.drop(connection)
        for column in ("skill", "session"):
            connection.exec_driver_sql(f"ALTER TABLE calls DROP COLUMN {column}")
        connection.exec_driver_sql("INSERT INTO calls (at, role, input_tokens) VALUES (?, 'judge', 7)", (5 * DAY,))
        connection.exec_driver_sql(f"PRAGMA user_version={MIGRATIONS.index(m005_whose_calls)}")
    database.close()
    database = Database(tmp_path / "state.db")
    spending = Spending(database, Limits(), lambda: 5 * DAY)
    assert (spending.today().judge_calls, spending.today(calls.c.skill != "").judge_calls) == (1, 0)
    database.close()
