"""The port SkillStore: every suite runs on the shipped fake and on the real thing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hivemind_skillopt.ports import SkillStore
from hivemind_skillopt.store.engine import open_store
from hivemind_skillopt.store.memory import MemoryStore
from tests.contract.publishing import OpenOrg


@pytest.fixture(params=["memory", "sqlite"])
def open_org(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenOrg]:
    """Opens the store of an org; all orgs of one test share the database."""
    opened = []

    def open_one(org: str) -> SkillStore:
        if request.param == "memory":
            return MemoryStore(org)
        opened.append(open_store(f"sqlite:///{tmp_path}/data/store.db", org))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(open_org: OpenOrg) -> SkillStore:
    opened = open_org("acme")
    opened.migrate()
    return opened
