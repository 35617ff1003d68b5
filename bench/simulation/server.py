"""What happens to the server itself while the team works: restarts, a time read-only, a time without connections."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import psycopg

from tests.postgres import Postgres

SETTINGS = ("fsync=off", "full_page_writes=off", "shared_buffers=64MB", "max_connections=50")
"""Every commit is written before it is told, so that an immediate stop may lose none of them."""


@dataclass
class Troubles:
    """At their time, as a share of the whole: `plan` is a list of (share, what).

    `hang_up`: gives back the bench's own connections, which are none of those that should break.
    """

    server: Postgres
    database: str
    draw: random.Random
    hang_up: Callable[[], None]
    done: Counter[str] = field(default_factory=Counter)
    _taken: list[psycopg.Connection[tuple[object, ...]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        whats: list[tuple[Callable[[], None], Callable[[], None] | None]] = [
            (lambda: self.restart("fast"), None),
            (self.read_only, self.writable),
            (lambda: self.restart("immediate"), None),
            (self.take_all, self.give_back),
            (self.stop, self.start),
            (lambda: self.restart("immediate"), None),
            (self.read_only, self.writable),
            (lambda: self.restart("fast"), None),
            (lambda: self.restart("immediate"), None),
        ]
        self.plan: list[tuple[float, Callable[[], None]]] = []
        for number, (begin, end) in enumerate(whats):
            at = (number + self.draw.uniform(0.1, 0.5)) / len(whats)
            self.plan.append((at, begin))
            if end:
                self.plan.append((at + 0.4 / len(whats), end))

    @property
    def away(self) -> bool:
        """Would even the bench itself not be answered now?"""
        return bool(self._taken) or not (self.server.folder / "postmaster.pid").exists()

    def until(self, share: float) -> None:
        """Do what is due."""
        while self.plan and self.plan[0][0] <= share:
            self.plan.pop(0)[1]()

    def end(self) -> None:
        """All is well again."""
        self.plan.clear()
        if self._taken:
            self.give_back()
        if self.away:
            self.start()
        self.writable()

    def restart(self, mode: str) -> None:
        """`fast` ends every transaction; `immediate` is a crash."""
        self.done[f"restart, {mode}"] += 1
        self.hang_up()
        self.server.stop(mode)
        self.start()

    def stop(self) -> None:
        """It is down for a while."""
        self.done["down for a while"] += 1
        self.hang_up()
        self.server.stop()

    def start(self) -> None:
        """It is there again."""
        self.server.start()

    def read_only(self) -> None:
        """For everybody, at once."""
        self.done["read-only for a while"] += 1
        self._set("default_transaction_read_only = on")

    def writable(self) -> None:
        """As before."""
        self._set("default_transaction_read_only = off")

    def take_all(self) -> None:
        """Every connection there is; those who had one are thrown out."""
        self.done["all connections taken for a while"] += 1
        self.hang_up()
        ours = "application_name = 'hivemind-skillopt'"
        self.server.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}")
        with suppress(psycopg.OperationalError):
            while True:
                self._taken.append(psycopg.connect(self.server.url(self.database), autocommit=True))

    def give_back(self) -> None:
        """All of them."""
        for connection in self._taken:
            connection.close()
        self._taken.clear()

    def _set(self, setting: str) -> None:
        self.server.execute(f"ALTER SYSTEM SET {setting}")
        self.server.execute("SELECT pg_reload_conf()")
