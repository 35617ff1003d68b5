"""What a test needs from the machine, and what happens when it is not there."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

REQUIRE_ALL = "SKILLOPT_REQUIRE_ALL"


def require(reason: str) -> NoReturn:
    """Give up on a test whose real program is missing: a named skip, or a failure where nothing may be skipped.

    CI sets `SKILLOPT_REQUIRE_ALL=1`, so that a suite which quietly tests nothing cannot be green there.
    """
    if os.environ.get(REQUIRE_ALL) == "1":
        pytest.fail(f"required ({REQUIRE_ALL}=1) but missing: {reason}", pytrace=False)
    pytest.skip(reason)
