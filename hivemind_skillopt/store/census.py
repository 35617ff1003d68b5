"""What a local store holds, whoever's it is: asked before it is deleted."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import func, inspect, select
from sqlalchemy.exc import DBAPIError

from hivemind_skillopt.errors import StoreUnavailable
from hivemind_skillopt.sqlite_engine import sqlite_engine
from hivemind_skillopt.store.schema import skills


def skills_in(file: Path) -> int:
    """How many skills of all orgs and authors. No schema is touched. Raises StoreUnavailable."""
    every = select(skills.c.org, skills.c.name, skills.c.author).distinct().subquery()
    engine = sqlite_engine(file)
    try:
        with engine.begin() as connection:
            if not inspect(connection).has_table(skills.name):
                return 0
            return connection.scalar(select(func.count()).select_from(every)) or 0
    except DBAPIError as error:
        raise StoreUnavailable(f"{file} cannot be read: {error.orig}") from error
    finally:
        engine.dispose()
