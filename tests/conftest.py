"""What tests of many folders share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.postgres import Postgres
SLOWEST_FIRST = (
    "harness", "crash", "harness_package", "real_data", "docs", "contract", "tests", "plugin_package", "worker", "cli",
    "scorers", "adapters",
)  # fmt: skip
"""Folders, by how long their files take. A file is one process's (`--dist loadfile`), so at the end only short ones may
be left to share out: one process would still work while the others had nothing."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The order in which files are given out."""
    items.sort(key=lambda item: _place(item.path))


def _place(path: Path) -> int:
    folder = path.parent.name
    return SLOWEST_FIRST.index(folder) if folder in SLOWEST_FIRST else len(SLOWEST_FIRST)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL server, one for this process's whole run. A test makes its own databases in it, and leaves it
    as it was."""
    from tests.postgres import running  # the server's package is not where the wheel is tried

    with running() as server:
        yield server
