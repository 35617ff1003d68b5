"""When a store that failed is asked again."""

from __future__ import annotations

from hivemind_skillopt.model import SECOND
from hivemind_skillopt.state.back_off import LONGEST, SHORTEST, BackOff
from hivemind_skillopt.state.database import Database

NOW = 1_800_000_000 * SECOND


def longest(database: Database) -> BackOff:
    return BackOff(database, "store", lambda: 1.0)


def test_later_and_later_then_once_an_hour(database: Database) -> None:
    back_off, now, delays = longest(database), NOW, list[int]()
    for _ in range(12):
        assert back_off.may_try(now)
        delays.append((back_off.failed(now) - now) // SECOND)
        now = back_off.next_try()
    assert delays == [20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600, 3600]


def test_anywhere_between_now_and_then(database: Database) -> None:
    back_off = BackOff(database, "store", lambda: 0.25)
    assert back_off.failed(NOW) == NOW + SHORTEST // 4


def test_failures_of_one_moment_are_one(database: Database) -> None:
    back_off = longest(database)
    assert [back_off.failed(NOW), back_off.failed(NOW + 1)] == [NOW + SHORTEST] * 2
    assert back_off.failed(NOW + SHORTEST) == NOW + SHORTEST + 2 * SHORTEST


def test_the_next_process_knows_it_and_another_store_does_not_care(database: Database) -> None:
    longest(database).failed(NOW)
    assert not longest(database).may_try(NOW + SHORTEST - 1)
    assert longest(database).may_try(NOW + SHORTEST)
    assert BackOff(database, "other").may_try(NOW)


def test_what_works_again_starts_anew(database: Database) -> None:
    back_off = longest(database)
    back_off.failed(NOW)
    back_off.worked()
    assert (back_off.next_try(), back_off.failed(NOW)) == (0, NOW + SHORTEST)


def test_a_person_may_try_at_once_and_the_count_goes_on(database: Database) -> None:
    back_off = longest(database)
    back_off.hurry()
    back_off.failed(NOW)
    back_off.hurry()
    assert back_off.may_try(NOW)
    assert back_off.failed(NOW) == NOW + 2 * SHORTEST


def test_a_clock_that_was_set_back_stops_nothing(database: Database) -> None:
    back_off = longest(database)
    back_off.failed(NOW)
    assert back_off.may_try(NOW - LONGEST)
