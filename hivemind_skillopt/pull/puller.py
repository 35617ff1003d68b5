"""The use case, for the CLI and for the worker. Nothing changed = one query, no write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

from hivemind_skillopt.model import SkillRef
from hivemind_skillopt.ports import SkillStore
from hivemind_skillopt.pull.alone import pull_alone
from hivemind_skillopt.pull.bring import Bringer
from hivemind_skillopt.pull.feed import Feed, named
from hivemind_skillopt.pull.local_edits import LocalEdits
from hivemind_skillopt.pull.repair import Repair
from hivemind_skillopt.pull.report import Change, PullReport, Request
from hivemind_skillopt.pull.unpull import Unpuller
from hivemind_skillopt.settings import Settings
from hivemind_skillopt.state.installs import Install
from hivemind_skillopt.state.log import Log
from hivemind_skillopt.state.made_folders import MadeFolders
from hivemind_skillopt.state.manifest import Manifest
from hivemind_skillopt.state.pins import Pins
from hivemind_skillopt.state.pull_cursors import Cursor, PullCursors
from hivemind_skillopt.state.skill_folders import VersionFolders

EVERYTHING = Request()


@dataclass(frozen=True, slots=True)
class Puller:
    """Everything is passed in."""

    store: SkillStore
    manifest: Manifest
    folders: VersionFolders
    settings: Settings
    log: Log
    cursors: PullCursors
    pins: Pins
    made_folders: MadeFolders

    def pull(
        self,
        installs: Sequence[Install],
        request: Request = EVERYTHING,
        on_change: Callable[[Change], None] = lambda _: None,
    ) -> PullReport:
        """Fetch what changed and link it into every installed harness home. Raises StoreUnavailable, StateUnavailable.

        What was done until then stays done, and the recorders know of it.
        """
        pull = _Pull(self, installs, request, PullReport(), on_change)
        with nullcontext() if request.dry_run else pull_alone(self.settings.paths.pull_lock):
            try:
                pull.run()
            finally:
                if not request.dry_run:
                    self._tell(pull.report)
        return pull.report

    def unpuller(self) -> Unpuller:
        """The inverse."""
        return Unpuller(self.manifest, self.folders, self.log, self.made_folders)

    def _tell(self, report: PullReport) -> None:
        if not self.manifest.recorders_know():
            self.manifest.tell_recorders()
        for change in report.changes:
            what = "pulled" if change.after else "retired_here"
            self.log.write(what, ref=str(change.ref), before=change.before, version=change.after)
        for edited in report.edited:
            self.log.write("edited_copy_kept", ref=str(edited.ref), path=edited.kept, merged=edited.merged)
        for repaired in report.repaired:
            self.log.write("repaired", place=repaired)
        if report.store_replaced:
            self.log.write("store_replaced")


@dataclass(slots=True)
class _Pull:
    """One pull, while it lasts."""

    puller: Puller
    installs: Sequence[Install]
    request: Request
    report: PullReport
    on_change: Callable[[Change], None]

    def run(self) -> None:
        puller, request = self.puller, self.request
        store_id = puller.settings.store_id
        repair = Repair(puller.store, puller.manifest, puller.folders, store_id, self.report, request.dry_run)
        strangers = repair.mend(self.installs)
        if not request.dry_run:
            puller.folders.forget_unused(puller.manifest.in_use, puller.log.clock())
        if request.only:
            self._bringer().bring(named(puller.store, request.only), lambda _home, _number: None)
        else:
            self.report.unpulled = {ref for _, ref in self._unwanted()}
            self._bring_moved_pins()
            self._bring_changes()
        repair.remove_orphans(strangers)
        known = [c for c in self.report.changes if (c.before if request.dry_run else c.after)]
        self.report.unchanged = puller.manifest.count() - len(known)

    def _bring_moved_pins(self) -> None:
        """A pin was set, and the process killed before it took effect."""
        pins = self.puller.pins.all()
        moved = (
            {entry.ref for entry in self.puller.manifest.of(pins) if entry.version != pins[entry.ref]} if pins else ()
        )
        if moved:
            self._bringer().bring(named(self.puller.store, sorted(moved)), lambda _home, _number: None)

    def _bring_changes(self) -> None:
        puller, request = self.puller, self.request
        cursors = {install.home: puller.cursors.get(install.home) for install in self.installs}
        feed = self._follow(Feed(puller.store, puller.settings.user, cursors, from_start=request.unpulled_too))
        if not feed.is_same_store():
            self.report.store_replaced = True
            feed = self._follow(Feed(puller.store, puller.settings.user, dict.fromkeys(cursors, Cursor()), True))
        self.report.failed += [f"{unknown.skill}: {unknown.why}" for unknown in feed.unreadable]
        if not (request.dry_run or request.filtered):
            for home, cursor in feed.settled():
                puller.cursors.put(home, cursor)

    def _follow(self, feed: Feed) -> Feed:
        bringer, missed = self._bringer(), self._pulled() if feed.since == 0 else set()
        for page in feed.pages():
            missed -= {change.head.ref for change in page}
            bringer.bring([change for change in page if self.request.takes(change.head)], feed.has_to_wait)
        missed -= {ref for ref in missed if str(ref) in {unknown.skill for unknown in feed.unreadable}}
        if feed.is_same_store():
            self.report.not_offered = sorted(missed)
        return feed

    def _pulled(self) -> set[SkillRef]:
        """From this store, into these homes."""
        homes, store_id = {install.home for install in self.installs}, self.puller.settings.store_id
        entries = (entry for page in self.puller.manifest.in_pages() for entry in page)
        return {entry.ref for entry in entries if entry.home in homes and entry.store_id == store_id}

    def _unwanted(self) -> set[tuple[str, SkillRef]]:
        """(home, ref) of what stays out."""
        if self.request.only or self.request.unpulled_too:
            return set()
        homes = {install.home for install in self.installs}
        return {(home, ref) for home, ref in self.puller.manifest.unpulled() if home in homes}

    def _bringer(self) -> Bringer:
        puller, request = self.puller, self.request
        return Bringer(
            store=puller.store,
            manifest=puller.manifest,
            folders=puller.folders,
            edits=LocalEdits(puller.store, puller.folders),
            unpuller=puller.unpuller(),
            clock=puller.log.clock,
            store_id=puller.settings.store_id,
            installs=self.installs,
            pins=puller.pins.all(),
            unwanted=self._unwanted(),
            report=self.report,
            dry_run=request.dry_run,
            exactly=self.report.store_replaced,
            on_change=self.on_change,
        )
