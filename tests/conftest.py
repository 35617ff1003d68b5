"""What tests of many folders share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.postgres import Postgres, running


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL server, one for this process's whole run. A test makes its own databases in it, and leaves it
    as it was."""
    with running() as server:
        yield server
