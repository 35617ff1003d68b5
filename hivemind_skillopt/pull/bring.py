"""Bring one skill into every home that lacks it. Each step may be repeated: whatever a crash leaves, the next pull
finishes."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hivemind_skillopt.errors import SkillOptError, StateUnavailable, StoreUnavailable
from hivemind_skillopt.model import Policy, SkillChange, SkillFolder, SkillRef, SkillVersion
from hivemind_skillopt.ports import Clock, SkillStore
from hivemind_skillopt.pull.local_edits import LocalEdit, LocalEdits
from hivemind_skillopt.pull.report import Change, Edited, PullReport
from hivemind_skillopt.pull.unpull import Unpuller
from hivemind_skillopt.state.installs import Install
from hivemind_skillopt.state.manifest import Manifest, ManifestEntry
from hivemind_skillopt.state.skill_folders import VersionFolders, read_folder, switch_link

BATCH = 50
"""Links that are switched before the manifest is written. The links of a crash are made once more by the next pull."""


@dataclass(frozen=True, slots=True)
class Place:
    """A home, and what it has of the skill now."""

    install: Install
    entry: ManifestEntry | None


@dataclass(frozen=True, slots=True)
class Target:
    """The version that should be there. `sha` '': only the store knows it. `head`: None where it is another one."""

    ref: SkillRef
    version: int
    sha: str
    pinned: bool
    head: SkillVersion | None

    @classmethod
    def of(cls, change: SkillChange, pins: Mapping[SkillRef, int]) -> Target:
        """The pinned version, else the head."""
        head = change.head
        version = pins.get(head.ref, head.version)
        at_head = head if version == head.version else None
        return cls(head.ref, version, at_head.content_sha256 if at_head else "", head.ref in pins, at_head)

    def is_there(self, entry: ManifestEntry | None, *, exactly: bool) -> bool:
        """Also a newer one, which another pull has brought meanwhile, unless it must be exactly this one."""
        if entry is None:
            return False
        same = entry.version == self.version and self.sha in {"", entry.content_sha256}
        return same or (entry.version > self.version and not exactly and not self.pinned)


@dataclass(slots=True)
class Bringer:
    """One pull's hands. `unwanted`: (home, ref) of what a person has unpulled. `exactly`: the store is another one
    than before, so its head counts, even if it is older."""

    store: SkillStore
    manifest: Manifest
    folders: VersionFolders
    edits: LocalEdits
    unpuller: Unpuller
    clock: Clock
    store_id: str
    installs: Sequence[Install]
    pins: Mapping[SkillRef, int]
    unwanted: Collection[tuple[str, SkillRef]]
    report: PullReport
    dry_run: bool
    exactly: bool
    on_change: Callable[[Change], None]
    _entries: dict[tuple[str, SkillRef], ManifestEntry] = field(default_factory=dict)
    _batch: list[ManifestEntry] = field(default_factory=list)

    def bring(self, page: Sequence[SkillChange], has_to_wait: Callable[[str, int], None]) -> None:
        """These skills. `has_to_wait`: home and number of what could not be brought. Raises StoreUnavailable."""
        self._entries = {(entry.home, entry.ref): entry for entry in self.manifest.of([c.head.ref for c in page])}
        try:
            for change in page:
                for home in self._bring(change):
                    has_to_wait(home, change.number)
        finally:
            self._flush()

    def _bring(self, change: SkillChange) -> set[str]:
        """Of one skill; the homes that have to look again."""
        ref = change.head.ref
        places = [Place(one, self._entries.get((one.home, ref))) for one in self.installs]
        if change.policy is Policy.RETIRED:
            self._retire([place.entry for place in places if place.entry])
            return set()
        target = Target.of(change, self.pins)
        if target.pinned:
            self.report.pinned[ref] = (target.version, change.head.version)
        wanted = [place for place in places if (place.install.home, ref) not in self.unwanted]
        lacking = [place for place in wanted if not target.is_there(place.entry, exactly=self.exactly)]
        waiting = {place.install.home for place in wanted} if target.version != change.head.version else set()
        return waiting | self._put_into(target, lacking)

    def _put_into(self, target: Target, lacking: Sequence[Place]) -> set[str]:
        """The homes that it could not be put into. What is wrong here does not stop the other skills."""
        free = [place for place in lacking if self._is_free(_link(target, place))]
        self.report.in_the_way += [str(_link(target, place)) for place in lacking if place not in free]
        done: Sequence[Place] = ()
        try:
            done = free if self.dry_run or not free else self._install(target, free)
        except (StoreUnavailable, StateUnavailable):
            raise
        except (SkillOptError, OSError) as error:
            self.report.failed.append(f"{target.ref}: {error}")
        for place in done:
            self._changed(Change(target.ref, place.install.home, _version(place.entry), target.version, target.head))
        return {place.install.home for place in lacking} - {place.install.home for place in done}

    def _is_free(self, link: Path) -> bool:
        """Only nothing, or a link of ours; a person's own folder is never touched."""
        return not os.path.lexists(link) or self.folders.is_link_here(link)

    def _install(self, target: Target, places: Sequence[Place]) -> list[Place]:
        """The places that have it now. An edited copy goes last, when no link leads to it any more."""
        here = self.folders.find(target.ref, target.sha) if target.sha else None
        skill = read_folder(here) if here else self.store.folder(target.ref, target.version)
        edits = self._edits_in(places, skill)
        early = self._make_room(self.folders.path(target.ref, skill.content_sha256), edits)
        plain = here or self.folders.put(target.ref, skill)
        done = [place for place in places if self._link_there(target, place, plain, skill, edits)]
        if edits:
            self._flush()
            late = edits.keys() - {early}
            used = self.manifest.in_use(late)
            self.report.edited += [self.edits.keep(edits[copy], still_used=copy in used) for copy in sorted(late)]
        return done

    def _edits_in(self, places: Sequence[Place], skill: SkillFolder) -> dict[str, LocalEdit]:
        """By version folder: two homes may share one."""
        entries = {place.entry.folder: place.entry for place in places if place.entry}
        found = {folder: self.edits.of(entry, skill) for folder, entry in entries.items()}
        return {folder: edit for folder, edit in found.items() if edit}

    def _make_room(self, target: Path, edits: Mapping[str, LocalEdit]) -> str:
        """An old version that comes back, and was edited in its very folder: that copy has to go first."""
        edit = edits.get(str(target))
        if edit is None:
            return ""
        self.report.edited.append(self.edits.keep(edit, still_used=False))
        return edit.entry.folder

    def _link_there(
        self, target: Target, place: Place, plain: Path, skill: SkillFolder, edits: Mapping[str, LocalEdit]
    ) -> bool:
        link, entry = _link(target, place), place.entry
        edit = edits.get(entry.folder) if entry else None
        try:
            folder = self.folders.put(target.ref, edit.merged) if edit and edit.merged else plain
            switch_link(link, folder)
        except OSError as error:
            self.report.failed.append(f"{target.ref}: {error}")
            return False
        if entry and not edit:
            self.folders.leave(Path(entry.folder), self.clock())
        self._batch.append(self._entry(target, place, skill.content_sha256, folder))
        if len(self._batch) >= BATCH:
            self._flush()
        return True

    def _entry(self, target: Target, place: Place, sha: str, folder: Path) -> ManifestEntry:
        """Of the store's version, also where an edit is merged into it: its use is `modified`, and never judged."""
        return ManifestEntry(
            store_id=self.store_id,
            harness=place.install.harness,
            home=place.install.home,
            ref=target.ref,
            version=target.version,
            content_sha256=sha,
            folder=str(folder),
            link=str(_link(target, place)),
        )

    def _retire(self, entries: Sequence[ManifestEntry]) -> None:
        if entries and not self.dry_run:
            self._flush()
            kept = self.unpuller.retire(entries).kept_aside
            self.report.edited += [Edited(entries[0].ref, path, merged=False) for path in kept]
        for entry in entries:
            self._changed(Change(entry.ref, entry.home, entry.version, 0))

    def _changed(self, change: Change) -> None:
        self.report.changes.append(change)
        self.on_change(change)

    def _flush(self) -> None:
        if self._batch:
            self.manifest.change(self._batch)
            self._batch = []


def _link(target: Target, place: Place) -> Path:
    return Path(place.install.skill_root, str(target.ref))


def _version(entry: ManifestEntry | None) -> int:
    return entry.version if entry else 0
