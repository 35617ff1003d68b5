"""The CLI's composition root: what a verb needs, made when it is first asked for."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from hivemind_skillopt.adapters.built_in import BuiltInOffers
from hivemind_skillopt.cli.output import warn
from hivemind_skillopt.errors import SettingsError
from hivemind_skillopt.harness import HarnessAdapter
from hivemind_skillopt.hooks.manager import Hooks
from hivemind_skillopt.ports import SkillStore
from hivemind_skillopt.pull import Puller
from hivemind_skillopt.settings import Settings, bare_settings, load_settings
from hivemind_skillopt.state.back_off import BackOff
from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.forget import SessionTraces
from hivemind_skillopt.state.inbox import Inbox
from hivemind_skillopt.state.installs import Installs
from hivemind_skillopt.state.jobs import Jobs
from hivemind_skillopt.state.log import Log
from hivemind_skillopt.state.made_folders import MadeFolders
from hivemind_skillopt.state.manifest import Manifest
from hivemind_skillopt.state.markers import Markers
from hivemind_skillopt.state.notes import Notes
from hivemind_skillopt.state.outbox import Outbox
from hivemind_skillopt.state.pins import Pins
from hivemind_skillopt.state.pull_cursors import PullCursors
from hivemind_skillopt.state.skill_folders import VersionFolders
from hivemind_skillopt.state.spending import Spending
from hivemind_skillopt.state.windows import Windows
from hivemind_skillopt.store.engine import open_store


@dataclass
class Context:
    """Everything lazy: `--help` and `check` open no database."""

    @staticmethod
    def clock() -> int:
        """ns since the epoch."""
        return time.time_ns()

    @cached_property
    def settings(self) -> Settings:
        """The environment and config.toml."""
        return load_settings()

    def fall_back(self) -> str:
        """Go on with the defaults where a setting cannot be used; why, or ''."""
        try:
            _ = self.settings
        except SettingsError as error:
            self.settings = bare_settings()
            return str(error)
        return ""

    @cached_property
    def database(self) -> Database:
        """state.db."""
        self.made_folders.note(*self.settings.paths.folders)
        return Database(self.settings.paths.state_db)

    @cached_property
    def store(self) -> SkillStore:
        """The org store, its schema ours."""
        self.made_folders.note(*self.settings.paths.folders)
        store = open_store(self.settings.store_url, self.settings.org, warn)
        store.prepare()
        return store

    @cached_property
    def hooks(self) -> Hooks:
        """Built-ins and third parties; one that fails is told in the log and by `doctor`."""
        hooks = Hooks((BuiltInOffers(),), self._plugin_failed)
        hooks.load_third_parties()
        return hooks

    @cached_property
    def log(self) -> Log:
        """log.jsonl."""
        return Log(self.settings.paths.log, self.clock)

    @cached_property
    def manifest(self) -> Manifest:
        """What was pulled."""
        return Manifest(self.database, self.settings.paths, self.settings.store_id)

    @cached_property
    def installs(self) -> Installs:
        """Where our hooks are."""
        return Installs(self.database)

    @cached_property
    def made_folders(self) -> MadeFolders:
        """What a purge takes away again."""
        return MadeFolders(self.settings.paths.made_folders)

    @cached_property
    def inbox(self) -> Inbox:
        """Recorded events that wait."""
        return Inbox(self.settings.paths.inbox, self.settings.paths.set_aside)

    @cached_property
    def traces(self) -> SessionTraces:
        """What this machine holds of a session."""
        return SessionTraces(self.database, self.inbox, Markers(self.settings.paths.markers))

    @cached_property
    def folders(self) -> VersionFolders:
        """The immutable version folders."""
        return VersionFolders(self.settings.paths.skills, self.settings.paths.edited)

    @cached_property
    def jobs(self) -> Jobs:
        """The worker's queue."""
        return Jobs(self.database)

    @cached_property
    def windows(self) -> Windows:
        """Judgment windows."""
        return Windows(self.database)

    @cached_property
    def outbox(self) -> Outbox:
        """Rows that wait for the org store."""
        return Outbox(self.database, self.settings.store_id)

    @cached_property
    def back_off(self) -> BackOff:
        """When the worker asks the store again."""
        return BackOff(self.database, self.settings.store_id)

    @cached_property
    def pins(self) -> Pins:
        """What this machine keeps at a version."""
        return Pins(self.database, self.settings.store_id)

    @cached_property
    def spending(self) -> Spending:
        """What model calls took."""
        return Spending(self.database, self.settings.limits, self.clock)

    @cached_property
    def notes(self) -> Notes:
        """The worker's notes."""
        return Notes(self.database)

    def close(self) -> None:
        """Give back the databases that were opened."""
        for name in {"database", "store"} & self.__dict__.keys():
            getattr(self, name).close()

    def puller(self) -> Puller:
        """The use case of `pull`."""
        return Puller(
            store=self.store,
            manifest=self.manifest,
            folders=self.folders,
            settings=self.settings,
            log=self.log,
            cursors=PullCursors(self.database, self.settings.store_id, self.settings.user),
            pins=self.pins,
            made_folders=self.made_folders,
        )

    @cached_property
    def adapters(self) -> Mapping[str, HarnessAdapter]:
        """The harnesses we know, by name."""
        return self.hooks.adapters(self.settings.environ)

    def home_variables(self) -> list[str]:
        """What the hooks must carry so that the worker knows the harness's home."""
        return sorted({adapter.home_variable for adapter in self.adapters.values()} - {""})

    def adapter(self, harness: str) -> HarnessAdapter:
        """By name. Raises SettingsError."""
        if harness not in self.adapters:
            known = ", ".join(self.adapters)
            raise SettingsError(
                f"no adapter for the harness '{harness}'; known: {known}; `doctor` names broken plugins"
            )
        return self.adapters[harness]

    def _plugin_failed(self, plugin: str, error: Exception) -> None:
        self.log.write("plugin_failed", plugin=plugin, error=type(error).__name__)
