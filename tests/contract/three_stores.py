"""One org in three stores at once, memory, SQLite and PostgreSQL, which must give the same answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from hivemind_skillopt.errors import SkillOptError
from hivemind_skillopt.model import SkillChange, SkillFolder
from hivemind_skillopt.ports import SkillStore
from hivemind_skillopt.sqlite_engine import sqlite_engine
from hivemind_skillopt.store.memory import MemoryStore
from hivemind_skillopt.store.postgresql_engine import postgresql_engine
from hivemind_skillopt.store.sql import SqlStore

NAMES = ("memory", "sqlite", "postgresql")


class Databases:
    """Opened once: each history has orgs of its own in them, which costs nothing."""

    def __init__(self, sqlite: Engine, postgresql: Engine) -> None:
        self._engines = (sqlite, postgresql)
        self._numbers = count(1)
        for engine in self._engines:
            SqlStore(engine, "none", own=False).migrate()

    def new_org(self) -> Trio:
        org = f"org{next(self._numbers)}"
        return Trio((MemoryStore(org), *(SqlStore(engine, org, own=False) for engine in self._engines)))


@contextmanager
def databases(folder: Path, postgresql_url: str) -> Iterator[Databases]:
    """Nobody takes the machine's power away, so nothing waits for a disk."""
    engines = (sqlite_engine(folder / "histories.db"), postgresql_engine(postgresql_url))
    event.listen(engines[0], "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    try:
        yield Databases(*engines)
    finally:
        for engine in engines:
            engine.dispose()


@dataclass(frozen=True)
class Trio:
    """The same org in each kind of store."""

    stores: tuple[SkillStore, ...]

    def call(self, what: str, *arguments: Any, **named: Any) -> Any:
        """The one answer that all three gave: a value, or an error as (its type, its text)."""
        return agreed(
            f"{what}{arguments}{named or ''}", [answer(getattr(s, what), *arguments, **named) for s in self.stores]
        )

    def changes(self, user: str, since: tuple[int, ...]) -> list[SkillChange]:
        """Numbers are each store's own: what must agree is what was seen, and in which order."""
        each = [store.changes(user, number) for store, number in zip(self.stores, since, strict=True)]
        for found in each:
            numbers = [change.number for change in found]
            assert numbers == sorted(set(numbers)), "change numbers out of order"
        agreed(f"changes({user!r}, {since})", [[(c.head, c.policy) for c in found] for found in each])
        return each[0]

    def newest_change(self, user: str) -> tuple[int, ...]:
        """The place in each store's changes up to which `user` has seen them all."""
        return tuple(max((change.number for change in store.changes(user)), default=0) for store in self.stores)


def answer(method: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """What came back; the order of a folder's files means nothing."""
    try:
        found = method(*arguments, **named)
    except SkillOptError as error:
        return (type(error), str(error), getattr(error, "not_before_ns", None))
    if isinstance(found, SkillFolder):
        return SkillFolder(tuple(sorted(found.files, key=lambda file: file.path)))
    return found


def agreed(question: str, answers: list[Any]) -> Any:
    """The answer of all; AssertionError names who said what."""
    said = "\n".join(f"  {name}: {one}" for name, one in zip(NAMES, answers, strict=True))
    assert answers[0] == answers[1] == answers[2], f"{question} differs:\n{said}"
    return answers[0]
