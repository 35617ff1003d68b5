"""What its user wrote into a pulled copy survives the next version: merged into it, or kept aside and told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hivemind_skillopt.errors import NotFound, SkillInvalid, StoreError, StoreUnavailable
from hivemind_skillopt.model import Result, SkillFolder
from hivemind_skillopt.ports import SkillStore
from hivemind_skillopt.pull.report import Edited
from hivemind_skillopt.skill_md import parse_skill_md, text_field
from hivemind_skillopt.state.manifest import ManifestEntry
from hivemind_skillopt.state.skill_folders import VersionFolders, content_sha256, is_edited, read_folder
from hivemind_skillopt.store.folder_rules import check_folder

SKILL_MD = "SKILL.md"


@dataclass(frozen=True, slots=True)
class LocalEdit:
    """One edited copy. `merged` None: a person has to merge it, because of `conflicts`.

    `to_keep`: it holds words that lie nowhere else; false where an earlier pull merged it and nobody touched it since.
    """

    entry: ManifestEntry
    merged: SkillFolder | None
    conflicts: tuple[str, ...]
    to_keep: bool


@dataclass(frozen=True, slots=True)
class LocalEdits:
    """Finds, merges and keeps them."""

    store: SkillStore
    folders: VersionFolders

    def of(self, entry: ManifestEntry, theirs: SkillFolder) -> LocalEdit | None:
        """None where the copy is as it was pulled. Raises StoreUnavailable."""
        copy = Path(entry.folder)
        if not copy.is_dir() or content_sha256(copy) == entry.content_sha256:
            return None
        try:
            mine = read_folder(copy)
        except SkillInvalid as error:
            return LocalEdit(entry, None, (str(error),), to_keep=True)
        merged, conflicts = self._merge(entry, mine, theirs)
        return LocalEdit(entry, merged, conflicts, to_keep=merged is None or is_edited(copy))

    def keep(self, edit: LocalEdit, *, still_used: bool) -> Edited:
        """Put the copy as it is aside. `still_used`: a link leads to it, so it stays there as well."""
        kept, copy = "", Path(edit.entry.folder)
        if edit.to_keep and copy.is_dir():
            kept = str(self.folders.keep_aside(edit.entry.ref, copy, copy=still_used))
        return Edited(edit.entry.ref, kept, edit.merged is not None, edit.conflicts)

    def _merge(
        self, entry: ManifestEntry, mine: SkillFolder, theirs: SkillFolder
    ) -> tuple[SkillFolder | None, tuple[str, ...]]:
        try:
            base = self.store.folder(entry.ref, entry.version)
        except StoreUnavailable:
            raise
        except (NotFound, StoreError, SkillInvalid):
            base = SkillFolder(())
        if base.content_sha256 != entry.content_sha256:
            return None, (f"the store no longer has v{entry.version}, which was edited",)
        from hivemind_skillopt.pull.merge import merge_folders  # needed only where somebody has edited a copy

        merged = merge_folders(base, mine, theirs)
        conflicts = merged.conflicts or _no_skill(merged.folder, theirs)
        return (None if conflicts else merged.folder), conflicts


def _no_skill(merged: SkillFolder, theirs: SkillFolder) -> tuple[str, ...]:
    """What merged line by line need not be a skill any more."""
    from hivemind_skillopt.gate.candidate import Candidate
    from hivemind_skillopt.gate.refuse import loadable

    try:
        check_folder(merged)
        name, given = (text_field(parse_skill_md(one.skill_md), "name") for one in (merged, theirs))
        check = loadable(Candidate(theirs.skill_md, merged.skill_md))
    except SkillInvalid as error:
        return (str(error),)
    return () if name == given and check.result is Result.PASS else (SKILL_MD,)
