"""What model calls took, and the caps. A call is counted before it is made; a failed one counts too."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, delete, func, insert, select, update

from hivemind_skillopt.errors import BudgetSpent
from hivemind_skillopt.model import DAY, Usage
from hivemind_skillopt.ports import Clock
from hivemind_skillopt.settings import Limits
from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.schema import calls

KEPT = 30 * DAY
"""How long a call is remembered; only today's are counted."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Totals since midnight UTC. `unpriced_calls`: calls whose cost nobody told us."""

    judge_calls: int
    proposer_calls: int
    tokens: int
    cost_usd: float
    unpriced_calls: int


@dataclass(frozen=True, slots=True)
class Use:
    """For whom a call is made: the skill's reference, and harness and id of the session it was used in."""

    skill: str
    session: str


class Spending:
    """The table of model calls."""

    def __init__(self, database: Database, limits: Limits, clock: Clock) -> None:
        self._database = database
        self._limits = limits
        self._clock = clock

    def of_use(self, use: Use) -> UseBudget:
        """The budget of one use of a skill."""
        return UseBudget(self, use)

    def reserve(self, role: str, use: Use) -> int:
        """Take one call out of today's budget, the skill's share of it and the session's. Raises BudgetSpent."""
        limits = self._limits
        with self._database.transaction() as connection:
            _refuse(self.today(), limits, role, "")
            _refuse(self._of_skill(use), _share(limits, limits.share_per_skill), role, f" for {use.skill}")
            _refuse(self._of_session(use), _share(limits, limits.share_per_session), role, " for one session")
            row = insert(calls).values(at=self._clock(), role=role, skill=use.skill, session=use.session)
            return int(connection.execute(row.returning(calls.c.id)).scalar_one())

    def settle(self, call_id: int, usage: Usage) -> None:
        """Write down what the call took."""
        values = {
            "scorer": usage.scorer,
            "model": usage.model,
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cost_usd": usage.cost_usd,
        }
        with self._database.transaction() as connection:
            connection.execute(update(calls).where(calls.c.id == call_id).values(values))

    def release(self, call_id: int) -> None:
        """Give a call back that was never made."""
        with self._database.transaction() as connection:
            connection.execute(delete(calls).where(calls.c.id == call_id))

    def today(self, *which: ColumnElement[bool]) -> Spent:
        """Since midnight UTC. What a clock that ran ahead dated on a later day counts on that day."""
        midnight = self._clock() // DAY * DAY
        tokens = func.coalesce(calls.c.input_tokens, 0) + func.coalesce(calls.c.output_tokens, 0)
        totals = select(
            func.count().filter(calls.c.role == "judge"),
            func.count().filter(calls.c.role == "proposer"),
            func.coalesce(func.sum(tokens), 0),
            func.coalesce(func.sum(calls.c.cost_usd), 0.0),
            func.count().filter(calls.c.cost_usd.is_(None)),
        ).where(calls.c.at >= midnight, calls.c.at < midnight + DAY, *which)
        with self._database.transaction() as connection:
            row = connection.execute(totals).one()
        return Spent(*row)

    def forget_old(self, now: int) -> None:
        """Drop calls older than KEPT."""
        with self._database.transaction() as connection:
            connection.execute(delete(calls).where(calls.c.at < now - KEPT))

    def _of_skill(self, use: Use) -> Spent:
        return self.today(calls.c.skill == use.skill)

    def _of_session(self, use: Use) -> Spent:
        return self.today(calls.c.session == use.session)


@dataclass(frozen=True, slots=True)
class UseBudget:
    """The port `Budget`: whatever a role asks counts for this use."""

    spending: Spending
    use: Use

    def reserve(self, role: str) -> int:
        """Raises BudgetSpent."""
        return self.spending.reserve(role, self.use)

    def settle(self, call_id: int, usage: Usage) -> None:
        """Write down what the call took."""
        self.spending.settle(call_id, usage)

    def release(self, call_id: int) -> None:
        """Give a call back that was never made."""
        self.spending.release(call_id)


def _share(limits: Limits, share: float) -> Limits:
    """Of each cap; one call of each role at least, where the day has one."""
    return replace(
        limits,
        judge_calls_per_day=max(min(1, limits.judge_calls_per_day), int(limits.judge_calls_per_day * share)),
        tokens_per_day=int(limits.tokens_per_day * share),
        usd_per_day=limits.usd_per_day * share,
    )


def _refuse(spent: Spent, limits: Limits, role: str, whose: str) -> None:
    """Raises BudgetSpent, which says which cap it is. Some harnesses say neither tokens nor cost of a call: the number
    of calls is all that holds the proposer there."""
    made = spent.proposer_calls if role == "proposer" else spent.judge_calls
    if made >= limits.judge_calls_per_day:
        raise BudgetSpent(f"today's {limits.judge_calls_per_day} {role} calls{whose} are used up")
    if spent.tokens >= limits.tokens_per_day:
        raise BudgetSpent(f"today's {limits.tokens_per_day} tokens{whose} are used up")
    if spent.cost_usd >= limits.usd_per_day:
        raise BudgetSpent(f"today's {limits.usd_per_day:g} USD{whose} are used up")
