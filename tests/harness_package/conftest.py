"""A machine with the third party's harness and its adapter."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.environments import environment_with
from tests.harness_package.machine import PACKAGE, Machine


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The interpreter of an environment that has the adapter's package."""
    return environment_with(PACKAGE, tmp_path_factory.mktemp("environment"))


@pytest.fixture
def machine(python: str, tmp_path: Path) -> Machine:
    return Machine(tmp_path / "home", python=python)
