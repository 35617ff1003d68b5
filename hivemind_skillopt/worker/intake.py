"""Inbox files to events to behaviours: each file is one transaction, then it goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hivemind_skillopt.errors import AdapterFailed, PayloadUnreadable, StateUnavailable
from hivemind_skillopt.events import InboxItem, SeenEvent, SessionStart
from hivemind_skillopt.harness import HarnessAdapter
from hivemind_skillopt.hooks.machine import Machine
from hivemind_skillopt.hooks.manager import Hooks
from hivemind_skillopt.model import TEXT_AGE
from hivemind_skillopt.settings import Settings, store_id_of
from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.events import SeenEvents
from hivemind_skillopt.state.inbox import Inbox, InboxUnreadable
from hivemind_skillopt.state.notes import PULL_DUE, Notes

BATCH = 500
"""Files taken in before the worker looks at its jobs again."""


@dataclass(slots=True)
class Intake:
    """Takes in what belongs to this worker's store and harness homes; the rest waits for its own worker."""

    settings: Settings
    database: Database
    inbox: Inbox
    seen: SeenEvents
    machine: Machine
    hooks: Hooks
    adapters: Mapping[str, HarnessAdapter]
    notes: Notes
    waiting: set[str] = field(default_factory=set)

    def take_in(self) -> int:
        """Handle one batch, in order of time; how many files were handled."""
        names = [name for name in self.inbox.names() if name not in self.waiting]
        return sum(self._handle(name, item) for name, item in self.inbox.items(names[:BATCH]))

    def put_strangers_aside(self) -> None:
        """What no recorder wrote is told and moved away, so that it does not lie there for ever."""
        for name in self.inbox.strangers():
            self._put_aside(name, "not the name of an inbox file")

    def _handle(self, name: str, item: InboxItem | InboxUnreadable) -> bool:
        """One file; a file that breaks a behaviour or a stranger's adapter must not stop all the others."""
        if isinstance(item, InboxUnreadable):
            return self._put_aside(name, str(item))
        try:
            return self._take(name, item)
        except (StateUnavailable, OSError):
            raise
        except (PayloadUnreadable, AdapterFailed) as error:
            return self._put_aside(name, str(error))
        except Exception as error:  # noqa: BLE001
            return self._put_aside(name, type(error).__name__)

    def _take(self, name: str, item: InboxItem) -> bool:
        adapter = self.adapters.get(item.harness)
        if adapter is None:
            return self._put_aside(name, f"no adapter for harness '{item.harness[:40]}'")
        if not self._is_ours(item, adapter):
            return self._leave(name, item)
        events = adapter.events(item)
        with self.database.transaction():
            for event in events:
                self._dispatch(event)
        self.inbox.remove(name)
        return True

    def _dispatch(self, seen: SeenEvent) -> None:
        """Remember the event and let the behaviours work."""
        event = seen.event
        if not self.seen.first_time(seen.id, event.origin.at):
            return
        if isinstance(event, SessionStart):
            self.notes.put(PULL_DUE, seen.id)
        elif not self.machine.sessions.known(event.origin.harness, event.origin.session_id):
            self.hooks.emit(SessionStart(event.origin, source="unknown"))
        self.hooks.emit(event)

    def _is_ours(self, item: InboxItem, adapter: HarnessAdapter) -> bool:
        settings = self.settings
        same_home = adapter.home(item.carried) == adapter.home(settings.environ)
        return same_home and store_id_of(item.carried, settings.config) == settings.store_id

    def _leave(self, name: str, item: InboxItem) -> bool:
        """It waits for its own worker, a day at most: it may hold what was typed."""
        if abs(self.machine.log.clock() - item.at) > TEXT_AGE:
            self.inbox.remove(name)
            self.machine.log.write("forgotten", file=name, why="no worker of its store or harness home came in a day")
            return True
        self.waiting.add(name)
        return False

    def _put_aside(self, name: str, why: str) -> bool:
        """Out of the way. What cannot even be moved is left where it is, and alone, by this worker."""
        try:
            self.inbox.put_aside(name)
        except FileNotFoundError:
            return False
        except OSError as error:
            self.waiting.add(name)
            self.machine.log.write("not_set_aside", file=name, why=why, error=error.strerror)
            return False
        self.machine.log.write("set_aside", file=name, why=why)
        return True
