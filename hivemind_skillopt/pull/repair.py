"""Put right what somebody, or a crash, did to links and version folders. All is well = nothing is written."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from hivemind_skillopt.errors import NotFound, SkillOptError, StateUnavailable, StoreUnavailable
from hivemind_skillopt.ports import SkillStore
from hivemind_skillopt.pull.report import PullReport
from hivemind_skillopt.state.installs import Install
from hivemind_skillopt.state.manifest import Manifest, ManifestEntry
from hivemind_skillopt.state.skill_folders import VersionFolders, switch_link


@dataclass(frozen=True, slots=True)
class Repair:
    """The manifest says what should be there. A person's own file or folder in a link's place is never touched."""

    store: SkillStore
    manifest: Manifest
    folders: VersionFolders
    store_id: str
    report: PullReport
    dry_run: bool

    def mend(self, installs: Sequence[Install]) -> set[str]:
        """Every link and folder of these homes; the links of ours that the manifest does not know.

        Raises StoreUnavailable.
        """
        homes = {install.home for install in installs}
        strangers = {link for install in installs for link in self._our_links(Path(install.skill_root))}
        for page in self.manifest.in_pages():
            strangers -= {entry.link for entry in page}
            for entry in page:
                if entry.home in homes:
                    self._mend(entry)
        return strangers

    def remove_orphans(self, strangers: Collection[str]) -> None:
        """Those of the links that this pull did not make its own: a pull was killed before it had written them down."""
        known = {entry.link for page in self.manifest.in_pages() for entry in page} if strangers else set()
        for link in sorted(set(strangers) - known):
            self._done(f"{link}: a link that no pull knows of is removed")
            if not self.dry_run:
                Path(link).unlink(missing_ok=True)

    def _our_links(self, root: Path) -> set[str]:
        """Named as pull names them; a person's own link to a pulled skill has another name."""
        found = set()
        with suppress(OSError), os.scandir(root) as items:
            for item in items:
                leads_to = Path(item.path).readlink() if item.is_symlink() else Path()
                if leads_to.name == item.name and self.folders.owns(str(leads_to)):
                    found.add(item.path)
        return found

    def _mend(self, entry: ManifestEntry) -> None:
        try:
            leads_to = str(Path(entry.link).readlink())
        except FileNotFoundError:
            leads_to = ""
        except OSError:
            return  # no link: it is a person's
        whole = Path(entry.folder, "SKILL.md").is_file()
        if (whole and leads_to == entry.folder) or (leads_to and not self.folders.owns(leads_to)):
            return
        if not Path(entry.link).parent.parent.is_dir():
            return  # the harness itself is gone
        try:
            self._make_again(entry, whole)
        except (StoreUnavailable, StateUnavailable):
            raise
        except (SkillOptError, OSError) as error:
            self.report.failed.append(f"{entry.ref}: {error}")

    def _make_again(self, entry: ManifestEntry, whole: bool) -> None:
        if not whole and entry.store_id != self.store_id:
            return  # another store has it
        self._done(f"{entry.link}: {'the link' if whole else 'the folder it leads to'} is made again")
        if self.dry_run:
            return
        folder = Path(entry.folder) if whole else self._fetch(entry)
        switch_link(Path(entry.link), folder)
        if str(folder) != entry.folder:
            self.manifest.change([replace(entry, folder=str(folder))])

    def _fetch(self, entry: ManifestEntry) -> Path:
        if here := self.folders.find(entry.ref, entry.content_sha256):
            return here
        folder = self.store.folder(entry.ref, entry.version)
        if folder.content_sha256 != entry.content_sha256:
            raise NotFound(f"the store no longer has the v{entry.version} that was pulled")
        return self.folders.put(entry.ref, folder)

    def _done(self, what: str) -> None:
        self.report.repaired.append(what)
