"""The worker's composition root: every implementation is constructed here and passed in."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hivemind_skillopt.adapters.built_in import BuiltInOffers
from hivemind_skillopt.errors import SettingsError
from hivemind_skillopt.harness import HarnessAdapter
from hivemind_skillopt.hooks.machine import Machine
from hivemind_skillopt.hooks.manager import Hooks
from hivemind_skillopt.hooks.pre_tool_use import ArmWindow
from hivemind_skillopt.hooks.session_start import RecordAttribution
from hivemind_skillopt.hooks.user_prompt_submit import QueueReaction
from hivemind_skillopt.judgment_window import JudgmentWindow
from hivemind_skillopt.ports import Budget, Clock, SkillStore
from hivemind_skillopt.pull import Puller
from hivemind_skillopt.settings import Settings
from hivemind_skillopt.state.back_off import BackOff
from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.events import SeenEvents
from hivemind_skillopt.state.inbox import Inbox
from hivemind_skillopt.state.installs import Installs
from hivemind_skillopt.state.jobs import Jobs, Place
from hivemind_skillopt.state.log import Log
from hivemind_skillopt.state.made_folders import MadeFolders
from hivemind_skillopt.state.manifest import Manifest, ManifestEntry
from hivemind_skillopt.state.markers import Markers
from hivemind_skillopt.state.notes import Notes
from hivemind_skillopt.state.outbox import Outbox
from hivemind_skillopt.state.pins import Pins
from hivemind_skillopt.state.pull_cursors import PullCursors
from hivemind_skillopt.state.running_calls import RunningCalls
from hivemind_skillopt.state.skill_folders import VersionFolders, content_sha256
from hivemind_skillopt.state.spending import Spending, Use
from hivemind_skillopt.state.windows import Sessions, Windows
from hivemind_skillopt.store.engine import open_store
from hivemind_skillopt.worker.housekeeping import Housekeeping
from hivemind_skillopt.worker.intake import Intake
from hivemind_skillopt.worker.job_runner import JobRunner
from hivemind_skillopt.worker.loop import Loop
from hivemind_skillopt.worker.notices import Notices
from hivemind_skillopt.worker.sync import Sync

if TYPE_CHECKING:
    from hivemind_skillopt.pipeline import Pipeline


def build_loop(settings: Settings, clock: Clock = time.time_ns, sleep: Callable[[float], None] = time.sleep) -> Loop:
    """One worker over one state directory."""
    paths = settings.paths
    database = Database(paths.state_db)
    log = Log(paths.log, clock)
    machine = _machine(settings, database, log)
    hooks = _hooks(machine, log)
    store = open_store(settings.store_url, settings.org, lambda what: log.write("row_left_out", why=what))
    adapters = hooks.adapters(settings.environ)
    inbox, seen, notes = Inbox(paths.inbox, paths.set_aside), SeenEvents(database), Notes(database)
    spending = Spending(database, settings.limits, clock)
    pins = Pins(database, settings.store_id)
    pipelines = _Pipelines(settings, hooks, adapters, store, spending, clock, pins)
    back_off = BackOff(database, settings.store_id)
    puller = Puller(
        store=store,
        manifest=machine.manifest,
        folders=VersionFolders(paths.skills, paths.edited),
        settings=settings,
        log=log,
        cursors=PullCursors(database, settings.store_id, settings.user),
        pins=pins,
        made_folders=MadeFolders(paths.made_folders),
    )
    notices = Notices(settings, adapters, store, notes, log)
    return Loop(
        machine=machine,
        intake=Intake(settings, database, inbox, seen, machine, hooks, adapters, notes),
        housekeeping=Housekeeping(machine, inbox, seen, spending, paths, Installs(database), RunningCalls(paths.calls)),
        runner=JobRunner(database, machine, notes, pipelines.of, adapters, clock, back_off),
        sync=Sync(store, machine.outbox, puller, Installs(database), notes, log, clock, back_off, notices),
        store=store,
        place=Place(settings.store_id, frozenset(str(a.home(settings.environ)) for a in adapters.values())),
        notes=notes,
        clock=clock,
        sleep=sleep,
        pid=os.getpid(),
        back_off=back_off,
    )


def _machine(settings: Settings, database: Database, log: Log) -> Machine:
    folders = VersionFolders(settings.paths.skills, settings.paths.edited)
    return Machine(
        settings=settings,
        sessions=Sessions(database),
        windows=Windows(database),
        jobs=Jobs(database),
        outbox=Outbox(database, settings.store_id),
        manifest=Manifest(database, settings.paths, settings.store_id),
        markers=Markers(settings.paths.markers),
        log=log,
        is_modified=partial(_is_modified, folders),
        is_pulled=partial(_is_pulled, folders),
    )


def _is_modified(folders: VersionFolders, entry: ManifestEntry) -> bool:
    """Edited through the link, or the link leads to something that we did not put there.

    A link that leads to another version of ours was switched by a pull after the event.
    """
    now = os.path.realpath(entry.link)
    ours = now == os.path.realpath(entry.folder) or folders.owns(now)
    return not ours or content_sha256(entry.folder) != entry.content_sha256


def _is_pulled(folders: VersionFolders, entry: ManifestEntry, folder: str) -> bool:
    """The link, or what a link of ours leads to or led to: a pull may have switched it after the event."""
    real = os.path.realpath(folder)
    return os.path.normpath(folder) == entry.link or (folders.owns(real) and Path(real).name == str(entry.ref))


def _hooks(machine: Machine, log: Log) -> Hooks:
    behaviours = (RecordAttribution(machine), ArmWindow(machine), QueueReaction(machine))

    def on_failure(plugin: str, error: Exception) -> None:
        log.write("plugin_failed", plugin=plugin, error=type(error).__name__)

    hooks = Hooks((BuiltInOffers(), *behaviours), on_failure)
    hooks.load_third_parties()
    return hooks


class _Pipelines:
    """One pipeline per agent: the harness of the event, unless HIVEMIND_SKILLOPT_AGENT names another."""

    def __init__(
        self,
        settings: Settings,
        hooks: Hooks,
        adapters: Mapping[str, HarnessAdapter],
        store: SkillStore,
        spending: Spending,
        clock: Clock,
        pins: Pins,
    ) -> None:
        self._settings = settings
        self._hooks = hooks
        self._adapters = adapters
        self._store = store
        self._spending = spending
        self._clock = clock
        self._pins = pins

    def of(self, window: JudgmentWindow) -> Pipeline:
        """Raises SettingsError where no such agent or scorer is known."""
        settings, agent = self._settings, self._settings.agent or window.invocation.harness
        adapter = self._adapters.get(agent)
        if adapter is None:
            raise SettingsError(f"HIVEMIND_SKILLOPT_AGENT is '{agent}'; no such harness is known")
        used = window.invocation
        budget = self._spending.of_use(Use(str(used.ref), f"{used.harness} {used.session_id}"))
        return self._made(settings, agent, adapter, budget)

    def _made(self, settings: Settings, agent: str, adapter: HarnessAdapter, budget: Budget) -> Pipeline:
        """The model's side and the gate are imported here: most runs of the worker have no job."""
        from hivemind_skillopt.hooks.chosen_scorer import chosen_scorer
        from hivemind_skillopt.pipeline import Pipeline
        from hivemind_skillopt.scorers.judge import ModelJudge
        from hivemind_skillopt.scorers.proposer import ModelProposer

        scorer = chosen_scorer(settings, self._hooks, adapter)
        return Pipeline(
            store=self._store,
            judge_role=ModelJudge(scorer, budget, settings.model(agent, "judge")),
            proposer_role=ModelProposer(scorer, budget, settings.model(agent, "proposer")),
            checks=self._hooks.gate_checks(),
            settings=settings,
            clock=self._clock,
            is_pinned=lambda ref: ref in self._pins.all(),
        )
