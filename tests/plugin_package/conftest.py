"""A machine without a harness, as in tests/worker."""

from __future__ import annotations

from tests.worker.conftest import lab  # noqa: F401  a fixture
