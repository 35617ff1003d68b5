"""What an adapter makes of one inbox file."""

from __future__ import annotations

from hivemind_skillopt.events import InboxItem, SeenEvent
from hivemind_skillopt.harness import HarnessAdapter


def one_event(adapter: HarnessAdapter, item: InboxItem) -> SeenEvent | None:
    """Its only event, or None."""
    found = adapter.events(item)
    assert len(found) <= 1
    return next(iter(found), None)
