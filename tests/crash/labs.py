"""A lab on any store, for lives that are killed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hivemind_skillopt.model import DAY
from hivemind_skillopt.state.database import Database
from hivemind_skillopt.store.engine import open_store
from hivemind_skillopt.store.sql import SqlStore
from hivemind_skillopt.worker.compose import build_loop
from tests.worker.lab import Lab


@dataclass
class CrashLab(Lab):
    """Its store and state are opened once, and closed in the end."""

    opened: dict[str, SqlStore] = field(default_factory=dict)
    databases: list[Database] = field(default_factory=list)

    @property
    def store(self) -> SqlStore:
        url = self.settings.store_url
        if url not in self.opened:
            self.opened[url] = open_store(url, self.settings.org)
            self.opened[url].migrate()
        return self.opened[url]

    @property
    def database(self) -> Database:
        if not self.databases:
            self.databases.append(Database(self.paths.state_db))
        return self.databases[0]

    def work(self) -> None:
        loop = build_loop(self.settings, self.clock, self.sleep)
        loop.run()
        loop.close()


@contextmanager
def crash_lab(root: Path, store_url: str) -> Iterator[CrashLab]:
    """deploy--alice v1 is published and pulled; the clock is the real one, a little behind."""
    made = CrashLab.of_today(root)
    assert isinstance(made, CrashLab)
    made.environ["HIVEMIND_SKILLOPT_STORE"] = store_url
    made.paths.inbox.mkdir(parents=True)
    made.publish()
    made.pull()
    try:
        yield made
    finally:
        for one in (*made.opened.values(), *made.databases):
            one.close()


def environ_of(lab: Lab) -> dict[str, str]:
    """Of its processes; the data folder is the test's."""
    return {**dict(lab.settings.environ), "PATH": os.defpath, "XDG_DATA_HOME": os.environ["XDG_DATA_HOME"]}


def check_swept(lab: Lab) -> None:
    """What the dead left half made is gone after the first worker of the day after tomorrow."""
    lab.now = time.time_ns() + 2 * DAY
    lab.work()
    data = Path(os.environ["XDG_DATA_HOME"])
    left = [str(path) for folder in (lab.root, data) for path in folder.rglob("*") if ".tmp-" in path.name]
    assert left == [], "left for ever"
    assert lab.log("worker_failed") == []
