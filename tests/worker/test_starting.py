"""Starts that end because another worker is there: each at the worst instant, in one process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hivemind_skillopt.state.inbox_size import MAX_BLOCKS, is_full
from hivemind_skillopt.state.worker_lock import worker_lock
from hivemind_skillopt.worker import run
from hivemind_skillopt.worker.__main__ import discard, work
from hivemind_skillopt.worker.compose import build_loop
from tests.worker.lab import Lab


@pytest.fixture
def today(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """These workers have the real clock."""
    monkeypatch.setattr(run, "PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(run, "PATIENCE_SECONDS", 0.1)
    now = Lab.of_today(lab.root / "today")
    _ = now.store
    return now


def start(lab: Lab) -> None:
    work(lab.settings, waited_for=False)


def event(lab: Lab, session: str) -> None:
    """As a recorder: the file, then a start."""
    lab.event("SessionStart", session=session)
    start(lab)


def attributed(lab: Lab) -> set[str]:
    return {row.session_id for row in lab.store.attributions()}


@pytest.fixture
def end(today: Lab) -> Iterator[Callable[[], None]]:
    """A worker of ours runs, but for what it does; what ends it, its last look into an empty inbox included."""
    with closing(build_loop(today.settings)) as loop:
        identity = run._identity(loop)
    lock = worker_lock(today.paths.lock)
    file = lock.acquire()
    file.write(identity)
    file.flush()

    def end() -> None:
        assert list(today.paths.inbox.glob("*")) == []
        file.truncate(0)
        lock.release()

    yield end
    lock.release()


def after_reading(monkeypatch: pytest.MonkeyPatch, path: Path, do: Callable[[], None]) -> None:
    """Once, when somebody has just read that file."""
    real, still = Path.read_text, [do]

    def read_text(self: Path, *arguments: Any, **named: Any) -> str:
        text = real(self, *arguments, **named)
        if self == path and still:
            still.pop()()
        return text

    monkeypatch.setattr(Path, "read_text", read_text)


def test_a_start_that_leaves_its_item_to_a_running_worker_hides_no_later_start(
    today: Lab, end: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def take_the_last_look_then_comes_another() -> None:
        end()
        event(today, "later")

    after_reading(monkeypatch, today.paths.lock, take_the_last_look_then_comes_another)
    start(today)
    assert attributed(today) == {"later"}


def test_nor_does_one_that_waits_for_its_turn(
    today: Lab, end: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three starts: the second finds the first one waiting, the third finds the second one starting."""
    real, turns = run._wait_for_turn, list[int]()

    def wait_for_turn(*arguments: Any) -> bool:
        turns.append(1)
        if len(turns) == 2:
            end()
            event(today, "later")
        return real(*arguments)

    monkeypatch.setattr(run, "_wait_for_turn", wait_for_turn)
    after_reading(monkeypatch, today.paths.lock, lambda: start(today))
    start(today)
    assert (len(turns), attributed(today)) == (2, {"later"})


def test_nor_does_one_that_has_worked_and_finds_the_lock_taken(today: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """An item that came after its last look found the lock held; then one of other items is the first to take it."""
    other, real_try, real_wait = worker_lock(today.paths.lock), run._try, run._wait_for_turn
    tries = list[bool]()

    def try_(*arguments: Any) -> bool:
        tries.append(real_try(*arguments))
        if tries == [True]:
            today.event("SessionStart", session="later")
            file = other.acquire()
            file.write("somebody else's")
            file.flush()
        return tries[-1]

    def wait_for_turn(*arguments: Any) -> bool:
        other.release()
        return real_wait(*arguments)

    monkeypatch.setattr(run, "_try", try_)
    monkeypatch.setattr(run, "_wait_for_turn", wait_for_turn)
    event(today, "first")
    assert attributed(today) == {"first", "later"}


def test_what_is_discarded_takes_no_room_in_the_inbox(today: Lab) -> None:
    """Disabled by the file of settings, which recorders do not read: they go on counting."""
    today.event("SessionStart")
    today.paths.inbox_blocks.write_bytes(b"." * MAX_BLOCKS)
    discard(today.settings)
    assert (list(today.paths.inbox.iterdir()), is_full(today.paths.inbox_blocks)) == ([], False)
    assert today.paths.inbox_blocks.read_bytes() == b""
