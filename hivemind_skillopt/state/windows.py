"""Judgment windows and the sessions they belong to."""

from __future__ import annotations

from sqlalchemy import and_, delete, insert, select, update

from hivemind_skillopt.judgment_window import JudgmentWindow
from hivemind_skillopt.model import DAY
from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.schema import jobs, reactions, sessions, windows
from hivemind_skillopt.state.values import dump, load

KEPT = 30 * DAY
"""How long closed windows, their reactions, and sessions are remembered."""


class Windows:
    """Every window by its invocation's id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, window: JudgmentWindow) -> bool:
        """Add a window; False when this invocation has one already."""
        invocation = window.invocation
        with self._database.transaction() as connection:
            known = connection.scalar(select(windows.c.id).where(windows.c.id == invocation.id))
            if known is None:
                connection.execute(
                    insert(windows).values(
                        id=invocation.id,
                        harness=invocation.harness,
                        session_id=invocation.session_id,
                        store_id=window.store_id,
                        home=window.home,
                        opened_at=window.opened_at,
                        closed=window.closed,
                        value=dump(window),
                    )
                )
            return known is None

    def save(self, window: JudgmentWindow) -> None:
        """Write back a changed window."""
        change = update(windows).where(windows.c.id == window.invocation.id)
        with self._database.transaction() as connection:
            connection.execute(change.values(closed=window.closed, value=dump(window)))

    def get(self, window_id: str) -> JudgmentWindow:
        """By the invocation's id."""
        with self._database.transaction() as connection:
            text = connection.scalar(select(windows.c.value).where(windows.c.id == window_id))
        if text is None:
            raise KeyError(window_id)
        return load(JudgmentWindow, text)

    def open_in(self, harness: str, session_id: str) -> list[JudgmentWindow]:
        """The session's open windows, oldest first."""
        found = select(windows.c.value).where(
            windows.c.harness == harness, windows.c.session_id == session_id, windows.c.closed.is_(None)
        )
        with self._database.transaction() as connection:
            return [load(JudgmentWindow, text) for text in connection.scalars(found.order_by(windows.c.opened_at))]

    def all_open(self) -> list[JudgmentWindow]:
        """Every open window, oldest first."""
        found = select(windows.c.value).where(windows.c.closed.is_(None)).order_by(windows.c.opened_at)
        with self._database.transaction() as connection:
            return [load(JudgmentWindow, text) for text in connection.scalars(found)]

    def forget_old(self, now: int) -> None:
        """Drop closed windows older than KEPT that no job needs, and their reactions."""
        old = and_(windows.c.closed.is_not(None), windows.c.opened_at < now - KEPT)
        gone = select(windows.c.id).where(old, windows.c.id.not_in(select(jobs.c.window_id)))
        with self._database.transaction() as connection:
            connection.execute(delete(reactions).where(reactions.c.window_id.in_(gone)))
            connection.execute(delete(windows).where(windows.c.id.in_(gone)))


class Sessions:
    """Which sessions were seen: attribution is made at the first event, whatever it is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def known(self, harness: str, session_id: str) -> bool:
        """Was any event of this session taken in before?"""
        here = and_(sessions.c.harness == harness, sessions.c.session_id == session_id)
        with self._database.transaction() as connection:
            return connection.scalar(select(sessions.c.first_seen_at).where(here)) is not None

    def first_time(self, harness: str, session_id: str, at: int) -> bool:
        """Remember the session; True when it was new."""
        with self._database.transaction() as connection:
            if self.known(harness, session_id):
                return False
            connection.execute(insert(sessions).values(harness=harness, session_id=session_id, first_seen_at=at))
            return True

    def forget_old(self, now: int) -> None:
        """Drop sessions older than KEPT. One that goes on is attributed again, by the same id: the store has it."""
        with self._database.transaction() as connection:
            connection.execute(delete(sessions).where(sessions.c.first_seen_at < now - KEPT))
