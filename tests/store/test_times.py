"""ISO text and nanoseconds are the same moment, and text order is time order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hivemind_skillopt.store.times import from_iso, to_iso

MOMENTS = st.integers(0, 4_000_000_000_000_000_000)


def test_as_people_read_it() -> None:
    assert to_iso(1_767_323_045_000_000_006) == "2026-01-02T03:04:05.000000006Z"


@given(MOMENTS, MOMENTS)
def test_there_and_back(one: int, other: int) -> None:
    assert from_iso(to_iso(one)) == one
    assert (to_iso(one) < to_iso(other)) == (one < other)
