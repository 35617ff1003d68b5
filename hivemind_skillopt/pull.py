"""Pull: bring this machine's harness homes up to the store's heads. Nothing changed = one query, no write."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hivemind_skillopt.errors import SkillOptError
from hivemind_skillopt.model import SkillRef, SkillVersion
from hivemind_skillopt.ports import SkillStore
from hivemind_skillopt.settings import Settings
from hivemind_skillopt.state.installs import Install
from hivemind_skillopt.state.log import Log
from hivemind_skillopt.state.manifest import Manifest, ManifestEntry
from hivemind_skillopt.state.skill_folders import VersionFolders, content_sha256, switch_link


@dataclass(frozen=True, slots=True)
class Change:
    """One skill in one harness home. `before` 0: it was not there."""

    ref: SkillRef
    home: str
    before: int
    after: int


@dataclass(slots=True)
class PullReport:
    """What a pull did and what it left alone."""

    changes: list[Change] = field(default_factory=list)
    kept_aside: list[str] = field(default_factory=list)
    in_the_way: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    unpulled: set[SkillRef] = field(default_factory=set)
    unchanged: int = 0


@dataclass(slots=True)
class UnpullReport:
    """What an unpull removed, and what it left because it is a person's own."""

    removed: list[ManifestEntry] = field(default_factory=list)
    kept_aside: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Puller:
    """The use case, for the CLI and for the worker."""

    store: SkillStore
    manifest: Manifest
    folders: VersionFolders
    settings: Settings
    log: Log

    def pull(
        self,
        installs: Sequence[Install],
        only: Sequence[SkillRef] = (),
        *,
        dry_run: bool = False,
        unpulled_too: bool = False,
    ) -> PullReport:
        """Fetch what is newer than the manifest and link it into every installed harness home.

        What a person has unpulled stays out until it is named in `only`, or `unpulled_too`.
        """
        report = PullReport()
        if not dry_run:
            self._repair_links()
            self.folders.forget_unused({entry.folder for entry in self.manifest.everywhere()}, self.log.clock())
        entries = {(entry.home, entry.ref): entry for entry in self.manifest.entries()}
        heads = self._newer_heads(installs, only)
        unwanted = set() if only or unpulled_too else self.manifest.unpulled()
        for install in installs:
            for head in heads:
                if (install.home, head.ref) in unwanted:
                    report.unpulled.add(head.ref)
                    continue
                self._bring(install, head, entries.get((install.home, head.ref)), report, dry_run)
        report.unchanged = len(entries) - sum(change.before > 0 for change in report.changes)
        if not dry_run and (report.changes or not self.manifest.recorders_know()):
            self.manifest.tell_recorders()
        if not dry_run:
            self._log(report)
        return report

    def _repair_links(self) -> None:
        """Make the links of the manifest that are gone again: somebody cleaned up by hand."""
        for entry in self.manifest.entries():
            link = Path(entry.link)
            if not os.path.lexists(link) and Path(entry.folder).is_dir() and link.parent.parent.is_dir():
                switch_link(link, Path(entry.folder))

    def _log(self, report: PullReport) -> None:
        for change in report.changes:
            self.log.write("pulled", ref=str(change.ref), before=change.before, version=change.after)
        for path in report.kept_aside:
            self.log.write("edited_copy_kept", path=path)

    def _newer_heads(
        self,
        installs: Sequence[Install],
        only: Sequence[SkillRef],
    ) -> list[SkillVersion]:
        """One query: what at least one home does not have yet."""
        changes = self.store.changes(self.settings.user) if installs else []
        heads = sorted((change.head for change in changes), key=lambda head: head.ref)
        return [head for head in heads if not only or head.ref in only]

    def _bring(
        self, install: Install, head: SkillVersion, entry: ManifestEntry | None, report: PullReport, dry_run: bool
    ) -> None:
        """Put one head into one home. What cannot be put there is reported and does not stop the others."""
        link = Path(install.skill_root, str(head.ref))
        if entry and entry.version >= head.version:
            return
        if not self._may_replace(link):
            report.in_the_way.append(str(link))
            return
        try:
            if not dry_run:
                self.manifest.change([self._install(install, head, link, entry, report)])
        except (SkillOptError, OSError) as error:
            report.failed.append(f"{head.ref}: {error}")
            return
        report.changes.append(Change(head.ref, install.home, entry.version if entry else 0, head.version))

    def _may_replace(self, link: Path) -> bool:
        """Only nothing, or a link of ours; a person's own folder is never touched."""
        if not os.path.lexists(link):
            return True
        return self.folders.is_link_here(link)

    def _install(
        self, install: Install, head: SkillVersion, link: Path, entry: ManifestEntry | None, report: PullReport
    ) -> ManifestEntry:
        target = self.folders.put(head.ref, self.store.folder(head.ref, head.version))
        switch_link(link, target)
        if entry:
            self._keep_edits(entry, report)
        return ManifestEntry(
            store_id=self.settings.store_id,
            harness=install.harness,
            home=install.home,
            ref=head.ref,
            version=head.version,
            content_sha256=head.content_sha256,
            folder=str(target),
            link=str(link),
        )

    def _keep_edits(self, entry: ManifestEntry, report: PullReport) -> None:
        """The old version's folder was edited through its link: move it aside and say so."""
        old = Path(entry.folder)
        if old.is_dir() and content_sha256(old) != entry.content_sha256:
            report.kept_aside.append(str(self.folders.keep_aside(entry.ref, old)))
        self.folders.leave(old, self.log.clock())


@dataclass(frozen=True, slots=True)
class Unpuller:
    """The inverse of a pull: links, manifest entries and version folders go again."""

    manifest: Manifest
    folders: VersionFolders
    log: Log

    def unpull(self, entries: Sequence[ManifestEntry], *, dry_run: bool = False) -> UnpullReport:
        """Take these out; an edited copy is kept aside, and what is no link of ours stays."""
        report = UnpullReport(removed=list(entries))
        report.left = [entry.link for entry in entries if self._is_foreign(Path(entry.link))]
        if entries and not dry_run:
            self._remove(entries, report)
        return report

    def _is_foreign(self, link: Path) -> bool:
        return os.path.lexists(link) and not self.folders.is_link_here(link)

    def _remove(self, entries: Sequence[ManifestEntry], report: UnpullReport) -> None:
        """The links first: a crash after that is put right by the next pull, which makes them again."""
        for entry in entries:
            if entry.link not in report.left:
                Path(entry.link).unlink(missing_ok=True)
        self.manifest.change((), entries)
        self.manifest.tell_recorders()
        in_use = {entry.folder for entry in self.manifest.everywhere()}
        for folder in {entry.folder for entry in entries} - in_use:
            if kept := self.folders.discard(Path(folder)):
                report.kept_aside.append(str(kept))
        for entry in entries:
            self.log.write("unpulled", ref=str(entry.ref), version=entry.version)
