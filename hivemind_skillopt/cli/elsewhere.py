"""What waits here for the worker of another harness home or another store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.errors import AdapterFailed
from hivemind_skillopt.events import InboxItem
from hivemind_skillopt.settings import store_id_of

MOST_FILES = 200
"""Inbox files that are read, oldest first: what waits for others is what stays."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose worker it waits for. `home` None: this home."""

    home: str | None
    another_store: bool


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """How much waits for one owner."""

    home: str | None
    another_store: bool
    inbox: int
    jobs: int


def waiting_elsewhere(context: Context) -> list[Elsewhere]:
    """By owner; what this environment's worker takes is not among it."""
    here = Owner(None, another_store=False)
    files, jobs = Counter(_of_inbox(context)), Counter(_of_jobs(context))
    owners = sorted({*files, *jobs} - {here}, key=lambda owner: (owner.home or "", owner.another_store))
    return [Elsewhere(owner.home, owner.another_store, files[owner], jobs[owner]) for owner in owners]


def _of_inbox(context: Context) -> Iterator[Owner]:
    settings, adapters = context.settings, context.adapters
    for _, item in context.inbox.items(context.inbox.names()[:MOST_FILES]):
        if isinstance(item, InboxItem) and item.harness in adapters:
            adapter = adapters[item.harness]
            try:
                home, ours = adapter.home(item.carried), adapter.home(settings.environ)
            except AdapterFailed:
                continue  # the worker will say so, when it puts the file aside
            store_id = store_id_of(item.carried, settings.config)
            yield Owner(str(home) if home != ours else None, store_id != settings.store_id)


def _of_jobs(context: Context) -> Iterator[Owner]:
    homes = {str(adapter.home(context.settings.environ)) for adapter in context.adapters.values()}
    for store_id, home in context.jobs.owners():
        yield Owner(home if home not in homes else None, store_id != context.settings.store_id)
