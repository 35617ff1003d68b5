"""How large the outbox may grow while its store is away, and what goes first.

First the oldest attributions: they are the most, and a denominator with a known gap is still one. Then the oldest
invocations that no verdict in the box is about. Verdicts and proposals, which cost money and carry what people said,
go last.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Select, bindparam, case, delete, func, select

from hivemind_skillopt.model import DAY
from hivemind_skillopt.state.schema import outbox

DROPPED = "outbox_dropped"
"""The note: how many rows were dropped, and when the last one was (ns)."""

TOLD_FOR = 7 * DAY
"""How long it is told; rows dropped after that are counted anew."""


@dataclass(frozen=True, slots=True)
class Limit:
    """Of all rows together, whichever store they are for. `bytes`: of their payloads."""

    rows: int = 50_000
    bytes: int = 64 << 20


DEFAULT_LIMIT = Limit()
"""A hundred sessions a day make some 250 rows of together 250 kB: half a year without a store. With it state.db stays
below some 100 MB."""

SLACK = 20
"""A twentieth of the limit is freed at a time, so that the choice is not made anew for every row."""


def make_room(connection: Connection, limit: Limit) -> int:
    """Drop rows until the box is well below its limit; how many. Nothing where it is not beyond it.

    The newest row always stays: else its number would be given once more while a batch is on its way.
    """
    measured = select(func.count(), func.coalesce(func.sum(outbox.c.bytes), 0), func.max(outbox.c.seq))
    rows, size, newest = map(int, connection.execute(measured.select_from(outbox)).one())
    if rows <= limit.rows and size <= limit.bytes:
        return 0
    too_many, too_large = rows - _well_below(limit.rows), size - _well_below(limit.bytes)
    victims = list[dict[str, int]]()
    for row in connection.execute(_least_worth_first(newest)):
        if len(victims) >= too_many and too_large <= 0:
            break
        victims.append({"number": row.seq})
        too_large -= row.bytes
    if victims:
        connection.execute(delete(outbox).where(outbox.c.seq == bindparam("number")), victims)
    return len(victims)


def _well_below(limit: int) -> int:
    return limit - limit // SLACK


def _least_worth_first(newest: int) -> Select[tuple[int, int]]:
    of_worth = outbox.c.kind.in_(("Verdict", "Proposal"))
    judged = select(func.json_extract(outbox.c.payload, "$.invocation_id")).where(of_worth)
    invocation = func.json_extract(outbox.c.payload, "$.id")
    worth = case(
        (outbox.c.kind == "Attribution", 0),
        ((outbox.c.kind == "Invocation") & invocation.not_in(judged), 1),
        (outbox.c.kind == "Invocation", 2),
        else_=3,
    )
    return select(outbox.c.seq, outbox.c.bytes).where(outbox.c.seq < newest).order_by(worth, outbox.c.seq)
