"""The inverse of a pull: links, manifest entries and version folders go again."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hivemind_skillopt.pull.report import UnpullReport
from hivemind_skillopt.state.log import Log
from hivemind_skillopt.state.made_folders import MadeFolders, remove_empty
from hivemind_skillopt.state.manifest import Manifest, ManifestEntry
from hivemind_skillopt.state.skill_folders import VersionFolders


@dataclass(frozen=True, slots=True)
class Unpuller:
    """Takes skills out; an edited copy is kept aside, and what is no link of ours stays."""

    manifest: Manifest
    folders: VersionFolders
    log: Log
    made_folders: MadeFolders

    def unpull(self, entries: Sequence[ManifestEntry], *, dry_run: bool = False) -> UnpullReport:
        """A person wants them out, and pulls leave them out from now on."""
        report = self._look(entries)
        if entries and not dry_run:
            self._remove(entries, report, self.manifest.unpull)
            self.manifest.tell_recorders()
            remove_empty({Path(entry.link).parent for entry in entries} & self.made_folders.all())
            for entry in entries:
                self.log.write("unpulled", ref=str(entry.ref), version=entry.version)
        return report

    def retire(self, entries: Sequence[ManifestEntry]) -> UnpullReport:
        """They were retired for everybody; revived, they come back."""
        report = self._look(entries)
        self._remove(entries, report, lambda gone: self.manifest.change((), gone))
        return report

    def _look(self, entries: Sequence[ManifestEntry]) -> UnpullReport:
        return UnpullReport(
            removed=list(entries), left=[entry.link for entry in entries if self._is_foreign(Path(entry.link))]
        )

    def _is_foreign(self, link: Path) -> bool:
        return os.path.lexists(link) and not self.folders.is_link_here(link)

    def _remove(
        self,
        entries: Sequence[ManifestEntry],
        report: UnpullReport,
        end: Callable[[Sequence[ManifestEntry]], object],
    ) -> None:
        """The links first: a crash after that is put right by the next pull, which makes them again."""
        for entry in entries:
            if entry.link not in report.left:
                Path(entry.link).unlink(missing_ok=True)
        end(entries)
        pulled = {entry.folder: entry.content_sha256 for entry in entries}
        for folder in sorted(pulled.keys() - self.manifest.in_use(list(pulled))):
            if kept := self.folders.discard(Path(folder), pulled[folder]):
                report.kept_aside.append(str(kept))
