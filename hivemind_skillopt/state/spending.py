"""What model calls took, and the day's caps. A call is counted before it is made; a failed one counts too."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select, update

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
    tokens: int
    cost_usd: float
    unpriced_calls: int


class Spending:
    """The table of model calls; implements the port `Budget`."""

    def __init__(self, database: Database, limits: Limits, clock: Clock) -> None:
        self._database = database
        self._limits = limits
        self._clock = clock

    def reserve(self, role: str) -> int:
        """Take one call out of today's budget. Raises BudgetSpent."""
        with self._database.transaction() as connection:
            self._refuse_if_spent(self.today(), role)
            row = insert(calls).values(at=self._clock(), role=role).returning(calls.c.id)
            return int(connection.execute(row).scalar_one())

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

    def today(self) -> Spent:
        """Since midnight UTC. What a clock that ran ahead dated on a later day counts on that day."""
        midnight = self._clock() // DAY * DAY
        tokens = func.coalesce(calls.c.input_tokens, 0) + func.coalesce(calls.c.output_tokens, 0)
        totals = select(
            func.count().filter(calls.c.role == "judge"),
            func.coalesce(func.sum(tokens), 0),
            func.coalesce(func.sum(calls.c.cost_usd), 0.0),
            func.count().filter(calls.c.cost_usd.is_(None)),
        ).where(calls.c.at >= midnight, calls.c.at < midnight + DAY)
        with self._database.transaction() as connection:
            row = connection.execute(totals).one()
        return Spent(*row)

    def forget_old(self, now: int) -> None:
        """Drop calls older than KEPT."""
        with self._database.transaction() as connection:
            connection.execute(delete(calls).where(calls.c.at < now - KEPT))

    def _refuse_if_spent(self, spent: Spent, role: str) -> None:
        limits = self._limits
        if role == "judge" and spent.judge_calls >= limits.judge_calls_per_day:
            raise BudgetSpent(f"today's {limits.judge_calls_per_day} judge calls are used up")
        if spent.tokens >= limits.tokens_per_day:
            raise BudgetSpent(f"today's {limits.tokens_per_day} tokens are used up")
        if spent.cost_usd >= limits.usd_per_day:
            raise BudgetSpent(f"today's {limits.usd_per_day} USD are used up")
