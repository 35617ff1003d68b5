"""The manifest: which org skill, at which version, was pulled into which harness home. With its generations.

A recorder writes the generation of its moment into the inbox file, so the worker can say later what was
on disk when the hook ran.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Row, and_, bindparam, delete, func, insert, or_, select, tuple_, update

from hivemind_skillopt.errors import SkillInvalid
from hivemind_skillopt.model import SkillRef
from hivemind_skillopt.paths import Paths
from hivemind_skillopt.state.database import Database
from hivemind_skillopt.state.files import write_atomically
from hivemind_skillopt.state.schema import HERE, manifest
from hivemind_skillopt.state.schema import unpulled as unpulled_table

PAGE = 500
"""How many entries are in memory at a time, where all are gone through."""


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
        return self._select(HERE)

    def of(self, refs: Collection[SkillRef]) -> list[ManifestEntry]:
        """Of these skills, what is pulled now."""
        places = [(ref.name, ref.author) for ref in refs]
        return self._select(and_(HERE, tuple_(manifest.c.name, manifest.c.author).in_(places)))

    def in_pages(self) -> Iterator[list[ManifestEntry]]:
        """What is pulled now, from any store, a page at a time, in the order of the refs; no ref is torn in two."""
        after = ("", "")
        while True:
            key = tuple_(manifest.c.name, manifest.c.author)
            found = select(manifest.c.name, manifest.c.author).where(HERE, key > after).distinct()
            with self._database.transaction() as connection:
                names = connection.execute(found.order_by(manifest.c.name, manifest.c.author).limit(PAGE)).all()
            if not names:
                return
            yield self._read(and_(HERE, key > after, key <= tuple(names[-1])))
            after = (names[-1].name, names[-1].author)

    def count(self) -> int:
        """How many are pulled now."""
        here = select(func.count()).select_from(manifest).where(HERE, manifest.c.store_id == self._store_id)
        with self._database.transaction() as connection:
            return connection.scalar(here) or 0

    def in_use(self, folders: Collection[str]) -> set[str]:
        """Those of the version folders that a link points to, from any store."""
        with self._database.transaction() as connection:
            return set(connection.scalars(select(manifest.c.folder).where(HERE, manifest.c.folder.in_(folders))))

    def everywhere(self) -> list[ManifestEntry]:
        """What is pulled now, from any store."""
        return self._read(HERE)

    def unpulled(self) -> set[tuple[str, SkillRef]]:
        """(home, ref) of what was taken out again by a person."""
        with self._database.transaction() as connection:
            rows = connection.execute(select(unpulled_table))
            return {(row.home, SkillRef(row.name, row.author)) for row in rows}

    def at(self, home: str, generation: int) -> list[ManifestEntry]:
        """What was pulled into this home at that generation."""
        return self._select(and_(manifest.c.home == home, _lived_at(generation)))

    def entry_at(self, home: str, folder_name: str, generation: int) -> ManifestEntry | None:
        """The org skill behind a folder name; None for anything that was not pulled."""
        try:
            ref = SkillRef.parse(folder_name)
        except SkillInvalid:
            return None
        here = and_(manifest.c.home == home, manifest.c.name == ref.name, manifest.c.author == ref.author)
        return next(iter(self._select(and_(here, _lived_at(generation)))), None)

    def generation(self) -> int:
        """The newest generation; 0 before the first pull."""
        ends = (select(func.max(column)) for column in (manifest.c.from_generation, manifest.c.to_generation))
        with self._database.transaction() as connection:
            return max(connection.scalar(newest) or 0 for newest in ends)

    def change(self, added: Sequence[ManifestEntry], removed: Sequence[ManifestEntry] = ()) -> int:
        """Make a new generation with these changes; an added entry replaces its ref's old one."""
        with self._database.transaction() as connection:
            generation = self.generation() + 1
            if places := [_place(entry) for entry in (*removed, *added)]:
                connection.execute(update(manifest).where(_SAME, HERE).values(to_generation=generation), places)
            if added:
                connection.execute(delete(unpulled_table).where(_SAME_UNPULLED), [_place(entry) for entry in added])
                connection.execute(insert(manifest), [_row(entry, generation) for entry in added])
        return generation

    def unpull(self, entries: Sequence[ManifestEntry]) -> int:
        """A person takes these out: a new generation without them, and pulls leave them out from now on."""
        with self._database.transaction() as connection:
            if entries:
                connection.execute(delete(unpulled_table).where(_SAME_UNPULLED), [_place(entry) for entry in entries])
                connection.execute(insert(unpulled_table), [_unpulled_row(entry) for entry in entries])
            return self.change((), entries)

    def tell_recorders(self) -> None:
        """Write the two files, for all stores; the generation last: it says that both are up to date.

        After the commit, so that a recorder never names a generation that is not there. A process that is killed
        in between leaves it to the next pull (`recorders_know`).
        """
        with self._database.transaction() as connection:
            now = select(manifest.c.name, manifest.c.author).where(HERE).distinct()
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


_SAME = and_(
    manifest.c.home == bindparam("in_home"),
    manifest.c.name == bindparam("of_name"),
    manifest.c.author == bindparam("of_author"),
)
"""An entry's place on disk, whichever store it came from: one link holds one skill."""

_SAME_UNPULLED = and_(
    unpulled_table.c.home == bindparam("in_home"),
    unpulled_table.c.name == bindparam("of_name"),
    unpulled_table.c.author == bindparam("of_author"),
)


def _place(entry: ManifestEntry) -> dict[str, str]:
    return {"in_home": entry.home, "of_name": entry.ref.name, "of_author": entry.ref.author}


def _lived_at(generation: int) -> ColumnElement[bool]:
    ends = or_(manifest.c.to_generation.is_(None), manifest.c.to_generation > generation)
    return and_(manifest.c.from_generation <= generation, ends)


def _unpulled_row(entry: ManifestEntry) -> dict[str, str]:
    return {"home": entry.home, "name": entry.ref.name, "author": entry.ref.author}


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
