"""The worker's lab, for the scorers' tests that run the whole loop."""

from __future__ import annotations

from tests.worker.conftest import lab

__all__ = ["lab"]
