"""Many skills put into a store's tables at once: publishing them one by one would take hours."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from sqlalchemy import insert

from hivemind_skillopt.model import Scope, SkillFile, SkillFolder, SkillRef, SkillVersion
from hivemind_skillopt.store.rows import Row, file_row, version_row
from hivemind_skillopt.store.schema import blobs, org_changes, skill_files, skills
from hivemind_skillopt.store.sql import SqlStore

BODY = "Ask which environment is meant before you deploy anything there.\n" * 8
CHUNK = 2_000


def name(number: int) -> SkillRef:
    return SkillRef(f"skill-{number:05d}", "alice")


def folder(of: SkillRef, version: int) -> SkillFolder:
    text = f"---\nname: {of}\ndescription: Deploys things.\n---\n\n# v{version}\n\n{BODY}"
    return SkillFolder((SkillFile("SKILL.md", text.encode()),))


def load(store: SqlStore, org: str, count: int, versions: int) -> None:
    """`count` skills with `versions` versions each, as `publish` would have written them."""
    store.migrate()
    rows: list[tuple[Row, Row, Row]] = []
    with store._engine.begin() as connection:
        for row in _rows(org, count, versions):
            rows.append(row)
            if len(rows) == CHUNK:
                _write(connection, rows)
        if rows:
            _write(connection, rows)
        connection.execute(insert(org_changes), {"org": org, "last": count * versions})


def _rows(org: str, count: int, versions: int) -> Iterator[tuple[Row, Row, Row]]:
    change = 0
    for number in range(1, versions + 1):
        for skill in range(count):
            change += 1
            of, parent = name(skill), folder(name(skill), number - 1).content_sha256 if number > 1 else None
            content = folder(of, number)
            version = SkillVersion(
                of, number, content.content_sha256, number - 1 or None, parent, Scope.TEAM, "Deploys things.",
                ("alice",), "alice", 1_700_000_000 * 10**9 + change * 10**9,
            )  # fmt: skip
            file = content.files[0]
            blob = {"sha256": hashlib.sha256(file.data).hexdigest(), "bytes": file.data}
            yield version_row(org, version, BODY) | {"change": change}, blob, file_row(org, version, file)


def _write(connection, rows: list[tuple[Row, Row, Row]]) -> None:
    for table, part in zip((skills, blobs, skill_files), zip(*rows, strict=True), strict=True):
        connection.execute(insert(table), list(part))
    rows.clear()
