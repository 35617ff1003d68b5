"""The store as it is, asked before its schema is changed."""

from __future__ import annotations

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.errors import StoreError, StoreTooNew, StoreUnavailable
from hivemind_skillopt.store.inspection import State, StoreFacts, look

_REFUSED = {State.UNREACHABLE: StoreUnavailable, State.AHEAD: StoreTooNew, State.FOREIGN: StoreError}


def look_for_change(context: Context) -> StoreFacts:
    """Raises StoreUnavailable, StoreTooNew, and StoreError for tables of another program."""
    facts = look(context.settings.store_url, context.settings.org)
    if facts.state in _REFUSED:
        raise _REFUSED[facts.state](facts.problem)
    return facts
