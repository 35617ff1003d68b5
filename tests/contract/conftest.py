"""The port SkillStore: every suite runs on the shipped fake and on the real thing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hivemind_skillopt.ports import SkillStore
from hivemind_skillopt.store.engine import open_store
from hivemind_skillopt.store.memory import MemoryStore
from hivemind_skillopt.store.sql import SqlStore
from tests.contract.publishing import OpenOrg


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def open_org(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenOrg]:
    """Opens the store of an org; all orgs of one test share the database."""
    opened: list[SqlStore] = []
    url = f"sqlite:///{tmp_path}/data/store.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").new_database()

    def open_one(org: str) -> SkillStore:
        if request.param == "memory":
            return MemoryStore(org)
        opened.append(open_store(url, org))
        opened[-1].migrate()
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(open_org: OpenOrg) -> SkillStore:
    return open_org("acme")
