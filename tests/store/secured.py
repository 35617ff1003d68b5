"""A database of the test server that asks for a password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote

from psycopg import sql

from tests.postgres import Postgres

USER, PASSWORD = "anna-lena", "hun/ter@2#?"
QUOTED = quote(PASSWORD, safe="")


@dataclass(frozen=True)
class Secured:
    """Its owner logs in with the password only."""

    server: Postgres
    name: str

    def url(self, password: str = QUOTED, more: str = "") -> str:
        login = f"{USER}:{password}" if password else USER
        return f"postgresql://{login}@/{self.name}?host={self.server.folder}{more}"

    @property
    def pgpass(self) -> str:
        return f"*:*:{self.name}:{USER}:{PASSWORD}\n"


@contextmanager
def secured(server: Postgres, name: str) -> Iterator[Secured]:
    """The server is left as it was."""
    rules = server.folder / "pg_hba.conf"
    before = rules.read_text()
    role, database = sql.Identifier(USER), sql.Identifier(name)
    server.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, sql.Literal(PASSWORD)))
    server.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))
    rules.write_text(f"local {name} all scram-sha-256\n{before}")
    server.execute("SELECT pg_reload_conf()")
    try:
        yield Secured(server, name)
    finally:
        rules.write_text(before)
        server.execute("SELECT pg_reload_conf()")
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))
        server.execute(sql.SQL("DROP ROLE {}").format(role))
