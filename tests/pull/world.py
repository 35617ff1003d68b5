"""A store with many skills, and a machine that pulls them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import event

from hivemind_skillopt.model import Publication, Scope, SkillFile, SkillFolder, SkillRef
from hivemind_skillopt.ports import SkillStore
from hivemind_skillopt.pull import Puller, PullReport, Request
from hivemind_skillopt.pull.puller import EVERYTHING
from hivemind_skillopt.settings import Settings, load_settings
from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.installs import Install
from hivemind_skillopt.state.log import Log
from hivemind_skillopt.state.made_folders import MadeFolders
from hivemind_skillopt.state.manifest import Manifest
from hivemind_skillopt.state.pins import Pins
from hivemind_skillopt.state.pull_cursors import PullCursors
from hivemind_skillopt.state.skill_folders import VersionFolders

NOW = 1_800_000_000 * 10**9
TEXT = "---\nname: {ref}\ndescription: d\n---\n\n# Steps\n\n1. One.\n2. Two.\n3. Three.\n4. Four.\n5. Five.\n"


def ref(name: str, author: str = "alice") -> SkillRef:
    return SkillRef(name, author)


DEPLOY = ref("deploy")
LINT = ref("lint")


def skill(of: SkillRef, text: str = TEXT, **files: bytes) -> SkillFolder:
    more = [SkillFile(name.replace("_", "."), data) for name, data in files.items()]
    return SkillFolder((SkillFile("SKILL.md", text.replace("{ref}", str(of)).encode()), *more))


def publish(store: SkillStore, of: SkillRef, text: str = TEXT, scope: Scope = Scope.TEAM, **files: bytes) -> None:
    """The next version, by its author."""
    head = store.head(of)
    parent = head.content_sha256 if head else None
    store.publish(Publication(of, skill(of, text, **files), parent, of.author, NOW, scope))


@dataclass
class World:
    """One machine, one harness home; `queries` counts what the store is asked."""

    root: Path
    store: SkillStore
    environ: dict[str, str] = field(default_factory=dict)
    homes: tuple[str, ...] = (".claude",)

    def __post_init__(self) -> None:
        for install in self.installs:
            Path(install.home).mkdir(parents=True, exist_ok=True)
        self.database = Database(self.settings.paths.state_db)
        self.manifest = Manifest(self.database, self.settings.paths, self.settings.store_id)
        self.pins = Pins(self.database, self.settings.store_id)

    @property
    def settings(self) -> Settings:
        base = {"HOME": str(self.root / "home"), "HIVEMIND_USER": "alice"}
        return load_settings({**base, "HIVEMIND_SKILLOPT_STATE_DIR": str(self.root / "state"), **self.environ})

    @property
    def installs(self) -> list[Install]:
        homes = [self.root / "home" / name for name in self.homes]
        return [Install("claude_code", str(home), str(home / "skills"), "py", "0", 1, ()) for home in homes]

    @property
    def folders(self) -> VersionFolders:
        return VersionFolders(self.root / "data" / "skills", self.root / "data" / "edited")

    @property
    def puller(self) -> Puller:
        settings = self.settings
        log = Log(settings.paths.log, time.time_ns)
        cursors = PullCursors(self.database, settings.store_id, settings.user)
        made = MadeFolders(settings.paths.made_folders)
        return Puller(self.store, self.manifest, self.folders, settings, log, cursors, self.pins, made)

    def pull(self, request: Request = EVERYTHING) -> PullReport:
        return self.puller.pull(self.installs, request)

    def publish(self, of: SkillRef = DEPLOY, text: str = TEXT, **files: bytes) -> None:
        publish(self.store, of, text, **files)

    def root_of(self, home: str = ".claude") -> Path:
        return self.root / "home" / home / "skills"

    def link(self, of: SkillRef = DEPLOY, home: str = ".claude") -> Path:
        return self.root_of(home) / str(of)

    def text(self, of: SkillRef = DEPLOY, home: str = ".claude") -> str:
        return (self.link(of, home) / "SKILL.md").read_text()

    def edit(self, old: str, new: str, of: SkillRef = DEPLOY) -> None:
        """Through the link, as a person does."""
        file = self.link(of) / "SKILL.md"
        file.write_text(file.read_text().replace(old, new))

    def unpull(self, *refs: SkillRef) -> None:
        self.puller.unpuller().unpull(self.manifest.of(refs))

    def versions(self) -> dict[str, int]:
        return {str(entry.ref): entry.version for entry in self.manifest.entries()}

    def touched(self) -> dict[str, tuple[int, int]]:
        """Every file, folder and link of the home and the data, with what a write would change."""
        found = {}
        for top in (self.root / "home", self.root / "data"):
            for parent, names, files in os.walk(top):
                for path in (Path(parent), *(Path(parent, name) for name in (*names, *files))):
                    found[str(path)] = (path.lstat().st_mtime_ns, path.lstat().st_ino)
        return found

    @contextmanager
    def queries(self) -> Iterator[list[str]]:
        """What the SQL store is asked meanwhile."""
        engine, asked = self.store._engine, []

        def note(connection, cursor, statement, *rest):
            if not statement.startswith("BEGIN"):
                asked.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        try:
            yield asked
        finally:
            event.remove(engine, "before_cursor_execute", note)
