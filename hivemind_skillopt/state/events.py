"""Which events were taken in: a plugin AND a settings install of our hooks collapse into one event."""

from __future__ import annotations

from sqlalchemy import delete, insert, select

from hivemind_skillopt.model import DAY
from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.schema import events

KEPT = 7 * DAY
"""How long a seen id is kept (DESIGN 3)."""


class SeenEvents:
    """Ids of events."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def first_time(self, event_id: str, at: int) -> bool:
        """Remember the id; False when it was there."""
        with self._database.transaction() as connection:
            known = connection.scalar(select(events.c.id).where(events.c.id == event_id))
            if known is None:
                connection.execute(insert(events).values(id=event_id, seen_at=at))
            return known is None

    def forget_old(self, now: int) -> None:
        """Drop ids older than KEPT."""
        with self._database.transaction() as connection:
            connection.execute(delete(events).where(events.c.seen_at < now - KEPT))
