"""A person's terminal, as in tests/cli."""

from __future__ import annotations

from tests.cli.conftest import cli  # noqa: F401  a fixture
