"""The manifest: which org skill, at which version, was pulled into which harness home. With its generations.

A recorder writes the generation of its moment into the inbox file, so the worker can say later what was
on disk when the hook ran.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Row, and_, func, insert, or_, select, update

from hivemind_skillopt.model import SkillRef
from hivemind_skillopt.paths import Paths
from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.files import write_atomically
from hivemind_skillopt.state.schema import manifest


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """One pulled skill in one harness home. `link` is in the harness's skill root, `folder` is what it points to."""

    store_id: str
    harness: str
    home: str
    ref: SkillRef
    version: int
    content_sha256: str
    folder: str
    link: str


class Manifest:
    """The table, as far as it is about one org store, and the two small files that recorders read."""

    def __init__(self, database: Database, paths: Paths, store_id: str) -> None:
        self._database = database
        self._paths = paths
        self._store_id = store_id

    def entries(self) -> list[ManifestEntry]:
        """What is pulled now, sorted by ref."""
        return self._select(manifest.c.to_generation.is_(None))

    def everywhere(self) -> list[ManifestEntry]:
        """What is pulled now, from any store."""
        return self._read(manifest.c.to_generation.is_(None))

    def unpulled(self) -> set[tuple[str, SkillRef]]:
        """(home, ref) of what was taken out again by a person: nothing else ends without a successor."""
        place = (manifest.c.home, manifest.c.name, manifest.c.author)
        ended = func.count() == func.count(manifest.c.to_generation)
        with self._database.transaction() as connection:
            rows = connection.execute(select(*place).group_by(*place).having(ended))
            return {(row.home, SkillRef(row.name, row.author)) for row in rows}

    def at(self, home: str, generation: int) -> list[ManifestEntry]:
        """What was pulled into this home at that generation."""
        lived = or_(manifest.c.to_generation.is_(None), manifest.c.to_generation > generation)
        return self._select(and_(manifest.c.home == home, manifest.c.from_generation <= generation, lived))

    def entry_at(self, home: str, folder_name: str, generation: int) -> ManifestEntry | None:
        """The org skill behind a folder name; None for anything that was not pulled."""
        found = (entry for entry in self.at(home, generation) if str(entry.ref) == folder_name)
        return next(found, None)

    def generation(self) -> int:
        """The newest generation; 0 before the first pull."""
        newest = func.max(func.coalesce(manifest.c.to_generation, manifest.c.from_generation))
        with self._database.transaction() as connection:
            return connection.scalar(select(newest)) or 0

    def change(self, added: Sequence[ManifestEntry], removed: Sequence[ManifestEntry] = ()) -> int:
        """Make a new generation with these changes; an added entry replaces its ref's old one."""
        with self._database.transaction() as connection:
            generation = self.generation() + 1
            for entry in (*removed, *added):
                now = and_(_same(entry), manifest.c.to_generation.is_(None))
                connection.execute(update(manifest).where(now).values(to_generation=generation))
            rows = [_row(entry, generation) for entry in added]
            if rows:
                connection.execute(insert(manifest), rows)
        return generation

    def tell_recorders(self) -> None:
        """Write the two files, for all stores; the generation last: it says that both are up to date.

        After the commit, so that a recorder never names a generation that is not there. A process that is killed
        in between leaves it to the next pull (`recorders_know`).
        """
        with self._database.transaction() as connection:
            now = select(manifest.c.name, manifest.c.author).where(manifest.c.to_generation.is_(None))
            refs = sorted({str(SkillRef(row.name, row.author)) for row in connection.execute(now)})
        write_atomically(self._paths.org_skills, "".join(f"{ref}\n" for ref in refs).encode())
        write_atomically(self._paths.generation, f"{self.generation()}\n".encode())

    def recorders_know(self) -> bool:
        """Do the two files stand, for this generation?"""
        try:
            told = self._paths.generation.read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            told = ""
        return told == str(self.generation()) and self._paths.org_skills.exists()

    def _select(self, which: ColumnElement[bool]) -> list[ManifestEntry]:
        return self._read(and_(manifest.c.store_id == self._store_id, which))

    def _read(self, which: ColumnElement[bool]) -> list[ManifestEntry]:
        found = select(manifest).where(which).order_by(manifest.c.name, manifest.c.author, manifest.c.home)
        with self._database.transaction() as connection:
            return [_entry(row) for row in connection.execute(found)]


def _same(entry: ManifestEntry) -> ColumnElement[bool]:
    """The entry's place on disk, whichever store it came from: one link holds one skill."""
    return and_(manifest.c.home == entry.home, manifest.c.name == entry.ref.name, manifest.c.author == entry.ref.author)


def _row(entry: ManifestEntry, generation: int) -> dict[str, object]:
    return {
        "store_id": entry.store_id,
        "harness": entry.harness,
        "home": entry.home,
        "name": entry.ref.name,
        "author": entry.ref.author,
        "version": entry.version,
        "content_sha256": entry.content_sha256,
        "folder": entry.folder,
        "link": entry.link,
        "from_generation": generation,
    }


def _entry(row: Row[tuple[object, ...]]) -> ManifestEntry:
    return ManifestEntry(
        store_id=row.store_id,
        harness=row.harness,
        home=row.home,
        ref=SkillRef(row.name, row.author),
        version=row.version,
        content_sha256=row.content_sha256,
        folder=row.folder,
        link=row.link,
    )
