"""Is a copy what it was copied from, and is every skill version in it what was published?"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from itertools import groupby
from operator import itemgetter

from sqlalchemy import Connection, and_, select

from hivemind_skillopt.errors import StoreError
from hivemind_skillopt.model import content_sha256
from hivemind_skillopt.store.rows import EXECUTABLE
from hivemind_skillopt.store.schema import blobs, skill_files, skills
from hivemind_skillopt.store.snapshot import OTHER_PAGE, TABLES, Cells, Digest, canonical, in_byte_order, rows, streamed

VERSION = ("org", "name", "author", "version")


def check_copy(connection: Connection, expected: Mapping[str, str]) -> int:
    """`expected`: each table's sha256 in FROM. The number of skill versions. Raises StoreError."""
    for table in TABLES:
        found = _checked_blobs(connection) if table is blobs else rows(connection, table)
        if _digest(found) != expected[table.name]:
            raise StoreError(f"'{table.name}' is not the same in both stores; was one used meanwhile? Copy again")
    with closing(_files(connection)) as files:
        return _check_versions(files)


def _digest(found: Iterator[Cells]) -> str:
    digest = Digest()
    for cells in found:
        digest.add(canonical(cells))
    return digest.sha256


def _checked_blobs(connection: Connection) -> Iterator[Cells]:
    """Each one's name is its own sha256. Raises StoreError."""
    for cells in rows(connection, blobs):
        name, data = cells
        if not isinstance(data, bytes) or hashlib.sha256(data).hexdigest() != name:
            raise StoreError(f"the bytes of blob {name} are damaged, in FROM too")
        yield cells


def _check_versions(found: Iterable[Cells]) -> int:
    """Each version's identity, computed from its files. Raises StoreError."""
    count = 0
    for (org, name, author, version, sha), files in groupby(found, itemgetter(0, 1, 2, 3, 4)):
        computed = content_sha256((str(path), mode == EXECUTABLE, str(file)) for *_, path, mode, file in files)
        if computed != sha:
            raise StoreError(f"the files of {name}--{author} v{version} (org {org}) are not what was published")
        count += 1
    return count


def _files(connection: Connection) -> Generator[Cells, None, None]:
    """Every version with each of its files. One without any has a row of NULLs, and another sha256 than that."""
    same = and_(*(skill_files.c[name] == skills.c[name] for name in VERSION))
    columns = (*(skills.c[name] for name in VERSION), skills.c.content_sha256)
    found = (
        select(*columns, skill_files.c.path, skill_files.c.mode, skill_files.c.sha256)
        .join_from(skills, skill_files, same, isouter=True)
        .order_by(*(in_byte_order(connection, skills.c[name]) for name in VERSION), skill_files.c.path)
    )
    return streamed(connection, found, OTHER_PAGE)
