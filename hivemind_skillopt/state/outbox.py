"""The outbox: rows for the org store, sent at least once, idempotent by id, in the order they were made."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from sqlalchemy import bindparam, delete, func, insert, literal, select

from hivemind_skillopt.model import ActiveSkill, Attribution, Invocation, Proposal, Record, Verdict
from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.notes import Notes
from hivemind_skillopt.state.outbox_limit import DEFAULT_LIMIT, DROPPED, TOLD_FOR, Limit, make_room
from hivemind_skillopt.state.schema import outbox, refused_rows
from hivemind_skillopt.state.values import dump, load

KINDS: dict[str, type[Record]] = {kind.__name__: kind for kind in (Attribution, Invocation, Proposal, Verdict)}

SKILLS = re.compile(r'"skills":(\[\{[^\]]*\]),"ab_bucket"')
"""Refs and hashes hold no bracket; and no text of another field can look like this: its quotes are escaped."""

BATCH = 500
"""Rows of one transaction on the store: about a megabyte."""

FIRST = (
    select(outbox.c.seq, outbox.c.kind, outbox.c.payload)
    .where(outbox.c.store_id == bindparam("store_id"), outbox.c.seq > bindparam("after"))
    .order_by(outbox.c.seq)
    .limit(bindparam("limit"))
)
SENT = delete(outbox).where(outbox.c.seq.in_(bindparam("numbers", expanding=True)))
"""Made once: SQLAlchemy takes longer to make one with 500 numbers than SQLite to run it."""

MAX_REFUSED = 1000
"""Rows kept for a person to mend; the oldest go first."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row for the org store; `number`: its place."""

    number: int
    record: Record


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows in their order; `unreadable`: the numbers of those among them that this program cannot read."""

    waiting: Sequence[Waiting]
    unreadable: Sequence[int]

    def __bool__(self) -> bool:
        return bool(self.waiting or self.unreadable)

    @property
    def last(self) -> int:
        """The highest number."""
        return max([row.number for row in self.waiting[-1:]] + [*self.unreadable[-1:]])


@dataclass(frozen=True, slots=True)
class Refused:
    """How many rows are set aside for one reason."""

    kind: str
    why: str
    rows: int


class Outbox:
    """A table of state.db: a store that is down costs nothing but delay. It never grows beyond its limit."""

    def __init__(self, database: Database, store_id: str, limit: Limit = DEFAULT_LIMIT) -> None:
        self._database = database
        self._store_id = store_id
        self._limit = limit
        self._notes = Notes(database)

    def add(self, *records: Record) -> None:
        """Queue rows for the org store of this process. Where the box is full, the oldest of the least worth go."""
        if not records:
            return
        with self._database.transaction() as connection:
            connection.execute(insert(outbox), [self._row(record) for record in records])
            if dropped := make_room(connection, self._limit):
                now = max(map(_happened, records))
                self._notes.put(DROPPED, f"{self.dropped(now) + dropped} {now}")

    def first(self, after: int = 0, limit: int = BATCH) -> Batch:
        """The oldest rows for this store, of those with a higher number."""
        with self._database.transaction() as connection:
            rows = connection.execute(FIRST, {"store_id": self._store_id, "after": after, "limit": limit}).all()
        waiting, unreadable = list[Waiting](), list[int]()
        for number, kind, payload in rows:
            try:
                waiting.append(Waiting(number, _load(KINDS[kind], payload)))
            except (KeyError, ValueError):
                unreadable.append(number)
        return Batch(waiting, unreadable)

    def sent(self, numbers: Sequence[int]) -> None:
        """These have arrived."""
        with self._database.transaction() as connection:
            connection.execute(SENT, {"numbers": numbers})

    def set_aside(self, numbers: Sequence[int], why: str) -> None:
        """Nobody takes these: they wait elsewhere for a person, and no longer stop the others."""
        columns = [refused_rows.c[name] for name in ("store_id", "kind", "payload", "at", "why")]
        which = outbox.c.seq.in_(numbers)
        rows = select(*(outbox.c[column.name] for column in columns[:-1]), literal(why)).where(which)
        with self._database.transaction() as connection:
            connection.execute(insert(refused_rows).from_select(columns, rows.order_by(outbox.c.seq)))
            connection.execute(delete(outbox).where(which))
            newest = select(refused_rows.c.id).order_by(refused_rows.c.id.desc()).limit(MAX_REFUSED)
            connection.execute(delete(refused_rows).where(refused_rows.c.id.not_in(newest)))

    def take_back(self) -> None:
        """What was set aside is tried once more: a person has mended the store, or upgraded this program."""
        columns = [outbox.c[name] for name in ("store_id", "kind", "payload", "at", "bytes")]
        size = func.length(refused_rows.c.payload)
        rows = select(*(refused_rows.c[column.name] for column in columns[:-1]), size).order_by(refused_rows.c.id)
        with self._database.transaction() as connection:
            connection.execute(insert(outbox).from_select(columns, rows))
            connection.execute(delete(refused_rows))

    def waits(self) -> bool:
        """Is there a row for this store?"""
        with self._database.transaction() as connection:
            found = select(outbox.c.seq).where(outbox.c.store_id == self._store_id).limit(1)
            return connection.scalar(found) is not None

    def count(self) -> int:
        """Rows waiting, for any store."""
        with self._database.transaction() as connection:
            return connection.scalar(select(func.count()).select_from(outbox)) or 0

    def count_for_others(self) -> int:
        """Those of them that are for another store than this process's."""
        with self._database.transaction() as connection:
            found = select(func.count()).select_from(outbox).where(outbox.c.store_id != self._store_id)
            return connection.scalar(found) or 0

    def size(self) -> int:
        """Bytes waiting, for any store."""
        with self._database.transaction() as connection:
            return connection.scalar(select(func.sum(outbox.c.bytes))) or 0

    def oldest(self) -> int | None:
        """When the oldest row that waits happened (ns), or None."""
        with self._database.transaction() as connection:
            found: int | None = connection.scalar(select(func.min(outbox.c.at)))
        return found

    def dropped(self, now: int) -> int:
        """Rows that were given up lately, because the box was full."""
        rows, _, at = self._notes.get(DROPPED).partition(" ")
        return int(rows) if rows and now - int(at) < TOLD_FOR else 0

    def refused(self) -> list[Refused]:
        """What was set aside, by reason; the most first."""
        rows = func.count().label("rows")
        found = select(refused_rows.c.kind, refused_rows.c.why, rows).group_by(refused_rows.c.kind, refused_rows.c.why)
        with self._database.transaction() as connection:
            return [Refused(*row) for row in connection.execute(found.order_by(rows.desc())).all()]

    def _row(self, record: Record) -> dict[str, object]:
        payload = dump(record)
        return {
            "store_id": self._store_id,
            "kind": type(record).__name__,
            "payload": payload,
            "bytes": len(payload.encode()),
            "at": _happened(record),
        }


def _load(kind: type[Record], payload: str) -> Record:
    """The skills of an attribution are most of it, and the same in all sessions between two pulls: read once."""
    skills = SKILLS.search(payload) if kind is Attribution else None
    if skills is None:
        return load(kind, payload)
    rest = load(Attribution, f"{payload[: skills.start(1)]}[]{payload[skills.end(1) :]}")
    return replace(rest, skills=_skills(skills[1]))


@lru_cache(maxsize=16)
def _skills(text: str) -> tuple[ActiveSkill, ...]:
    return load(tuple[ActiveSkill, ...], text)


def _happened(record: Record) -> int:
    match record:
        case Attribution():
            return record.started_at
        case Invocation():
            return record.invoked_at
        case Verdict():
            return record.judged_at
        case Proposal():
            return record.proposed_at
