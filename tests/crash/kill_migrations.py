"""The migration of a store with rows in it, killed again and again."""

from __future__ import annotations

from contextlib import closing

from sqlalchemy import Engine

from hivemind_skillopt.sqlite_engine import sqlite_engine
from hivemind_skillopt.store.engine import sqlite_path
from hivemind_skillopt.store.migrations import MIGRATIONS
from hivemind_skillopt.store.postgresql_engine import postgresql_engine
from tests.crash.instants import Killer
from tests.crash.nursery import Nursery
from tests.crash.old_store import OLD_MIGRATIONS, check_new, check_old, make_old, names

KNOWN = [migration.__name__ for migration in MIGRATIONS]


def kill_migrations(nursery: Nursery, store_url: str, seed: int, kills: int) -> Killer:
    """So many die. Each leaves the old store or the new one, whole; from time to time one lives."""
    remote = store_url.startswith("postgresql:")
    engine = postgresql_engine(store_url) if remote else sqlite_engine(sqlite_path(store_url))
    killer = Killer(nursery, "migration", seed, {})
    with closing(_Disposed(engine)):
        make_old(engine)
        while killer.deaths() < kills:
            killer.kill(store_url)
            with killer.explained():
                if killer.draw.random() < 0.2:
                    killer.let_live(store_url)
                check_either(engine)
        killer.let_live(store_url)
        with killer.explained():
            check_new(engine, KNOWN)
    return killer


def check_either(engine: Engine) -> None:
    """All or nothing; what is new is made old again for the next one."""
    with engine.connect() as connection:
        is_old = tuple(names(connection)) == OLD_MIGRATIONS
    if is_old:
        check_old(engine)
    else:
        check_new(engine, KNOWN)
        make_old(engine)


class _Disposed:
    """An engine gives its connections back by another name."""

    def __init__(self, engine: Engine) -> None:
        self.close = engine.dispose
