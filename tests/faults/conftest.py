"""A server that may be stopped, a proxy before it, and a machine behind both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.faults.proxy import Proxy, proxy_of
from tests.faults.team import Team
from tests.postgres import Postgres, running
from tests.worker.lab import Lab

USER = "team"
"""No superuser: those are exempt from limits."""


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with running() as made:
        made.execute(f"CREATE ROLE {USER} LOGIN")
        yield made


@pytest.fixture
def proxy(server: Postgres) -> Iterator[Proxy]:
    with proxy_of(server.socket) as made:
        yield made


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Postgres, proxy: Proxy) -> Iterator[Team]:
    """deploy--alice v1 is published and pulled; what the worker does goes through the proxy."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    superusers = server.new_database()
    database = urlsplit(superusers).path[1:]
    server.execute(f"ALTER DATABASE {database} OWNER TO {USER}")
    through = f"postgresql://{USER}@/{database}?host={proxy.folder}&connect_timeout=2&deadline=2"
    made = Team(tmp_path, {"HIVEMIND_SKILLOPT_STORE": through}, Lab.now)
    made.now, made.url = Lab.of_today(tmp_path / "clock").now, server.url(database, USER)
    made.publish()
    made.pull()
    yield made
    made.store.close()
