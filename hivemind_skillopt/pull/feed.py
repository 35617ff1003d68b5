"""Which skills a pull has to look at: what changed since the homes' cursors, and what had to wait."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hivemind_skillopt.model import SkillChange, SkillRef
from hivemind_skillopt.ports import SkillStore, UnreadableChange
from hivemind_skillopt.state.pull_cursors import Cursor

PAGE = 500
"""Skills in memory at a time."""

MAX_WAITING = 200
"""More than these are not asked for one by one: the cursor waits instead."""


def mark(change: SkillChange) -> str:
    """What a change was. The skill stands first: that much is known of it when it has changed again."""
    return f"{change.head.ref} {change.head.version} {change.head.content_sha256} {change.policy}"


@dataclass(slots=True)
class Feed:
    """The changes, a page at a time; then the cursors as they should be. One query where nothing changed.

    The query also asks for the last change that a home knows. A store that does not have it, or has another one under
    its number, was replaced or restored from a backup: `is_same_store` is false then, and everything has to be
    compared. `from_start`: compare everything anyway.
    """

    store: SkillStore
    user: str
    cursors: Mapping[str, Cursor]
    from_start: bool
    unreadable: list[UnreadableChange] = field(default_factory=list)
    _last: Cursor = field(default_factory=Cursor)
    _waiting: dict[str, set[int]] = field(default_factory=dict)
    _unseen: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._unseen = {cursor.number: cursor.mark for cursor in self.cursors.values() if cursor.mark}
        self._waiting = {home: set() for home in self.cursors}

    @property
    def since(self) -> int:
        """Where the first page begins."""
        return 0 if self.from_start else min((cursor.number for cursor in self.cursors.values()), default=0)

    def pages(self) -> Iterator[list[SkillChange]]:
        """In the order of their numbers. Who cannot be read is in `unreadable`. Raises StoreUnavailable."""
        since, again = self.since, self._again()
        while self.cursors:
            broken: list[UnreadableChange] = []
            page = self.store.changes(self.user, since, again, PAGE, broken.append)
            self._note(page, broken)
            yield page
            if len(page) + len(broken) < PAGE:
                return
            numbers = [change.number for change in page] + [change.number for change in broken]
            since, again = max(since, *numbers), []

    def is_same_store(self) -> bool:
        """To be asked after the last page."""
        return not self._unseen

    def has_to_wait(self, home: str, number: int) -> None:
        """This change could not be brought into that home now."""
        self._waiting[home].add(number)

    def settled(self) -> Iterator[tuple[str, Cursor]]:
        """The homes whose cursor moved, after the last page."""
        for home, before in self.cursors.items():
            waiting = tuple(sorted(self._waiting[home]))
            after = replace(self._last if self._last.number else before, waiting=waiting)
            if len(waiting) > MAX_WAITING:
                after = before if self.is_same_store() else Cursor()
            if after != before:
                yield home, after

    def _again(self) -> list[int]:
        asked = {number for cursor in self.cursors.values() for number in cursor.waiting}
        return sorted(asked | self._unseen.keys())

    def _note(self, page: Sequence[SkillChange], broken: Sequence[UnreadableChange]) -> None:
        self.unreadable += broken
        for change in page:
            if change.number > self._last.number:
                self._last = Cursor(change.number, mark(change))
            self._recognize(str(change.head.ref), change.number, mark(change))
        for unknown in broken:
            self._recognize(unknown.skill, 0, "")
            for home in self.cursors:
                self.has_to_wait(home, unknown.number)

    def _recognize(self, skill: str, number: int, now: str) -> None:
        same = [
            at for at, known in self._unseen.items() if known.split(" ")[0] == skill and (at != number or known == now)
        ]
        for at in same:
            del self._unseen[at]


def named(store: SkillStore, refs: Sequence[SkillRef]) -> list[SkillChange]:
    """These, whenever they changed; without those that the store does not have."""
    heads = [head for head in map(store.head, refs) if head]
    return [SkillChange(0, head, store.policy(head.ref)) for head in heads]
