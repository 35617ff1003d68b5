"""Frozen values as rows, and back; pydantic (imported on first use) checks what comes back.

A column has its field's name; `ref` is the two columns name and author; what is nested is JSON text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from hivemind_skillopt.errors import StoreTooNew
from hivemind_skillopt.model import (
    Annotation,
    Invocation,
    Proposal,
    SkillFile,
    SkillFolder,
    SkillRef,
    SkillVersion,
    Verdict,
)
from hivemind_skillopt.store.times import from_iso, to_iso

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Row = dict[str, object]
Value = TypeVar("Value")

JSON_COLUMNS = frozenset({"checks", "contributors", "edits", "expected", "reaction_ids", "usage"})
EXECUTABLE, PLAIN = "755", "644"
"""The modes of `skill_files`."""

_ADAPTERS: dict[type, TypeAdapter[Any]] = {}


def to_row(org: str, value: Annotation | Invocation | Proposal | Verdict) -> Row:
    """The row of a record."""
    row: Row = {"org": org, "name": value.ref.name, "author": value.ref.author}
    for field in fields(value):
        if field.name != "ref":
            row[field.name] = _cell(field.name, getattr(value, field.name))
    return row


def from_row(kind: type[Value], row: Mapping[str, object]) -> Value:
    """The value back. Raises StoreTooNew for a row with words that this program does not know."""
    from pydantic import ValidationError

    cells = {name: _loaded(name, cell) for name, cell in row.items()}
    cells["ref"] = SkillRef(str(row["name"]), str(row["author"]))
    try:
        return _adapter(kind).validate_python(cells)
    except ValidationError as error:
        column = ".".join(map(str, error.errors()[0]["loc"]))
        words = f"the org store has a {kind.__name__} row whose {column} this hivemind-skillopt does not know"
        raise StoreTooNew(f"{words}; upgrade it") from None


def version_row(org: str, version: SkillVersion, body: str) -> Row:
    """The row of `skills`, as far as the version knows it."""
    ref = version.ref
    row: Row = {
        field.name: _cell(field.name, getattr(version, field.name))
        for field in fields(version)
        if field.name not in {"ref", "published_at"}
    }
    return row | {
        "id": f"{ref}@{version.version}",
        "org": org,
        "name": ref.name,
        "author": ref.author,
        "body": body,
        "created_at": to_iso(version.published_at),
        "updated_at": to_iso(version.published_at),
    }


def version_from_row(row: Mapping[str, object]) -> SkillVersion:
    """One version. Raises StoreTooNew."""
    return from_row(SkillVersion, {**row, "published_at": from_iso(str(row["updated_at"]))})


def file_row(org: str, version: SkillVersion, file: SkillFile) -> Row:
    """One file of a version; its bytes are in `blobs`."""
    return {
        "org": org,
        "name": version.ref.name,
        "author": version.ref.author,
        "version": version.version,
        "path": file.path,
        "mode": EXECUTABLE if file.executable else PLAIN,
        "sha256": file.sha256,
    }


def folder_from_rows(rows: list[tuple[str, str, bytes]]) -> SkillFolder:
    """(path, mode, bytes) of every file."""
    return SkillFolder(tuple(SkillFile(path, data, mode == EXECUTABLE) for path, mode, data in rows))


def storable(text: str) -> str:
    """Text that every database takes: no NUL, no half of a surrogate pair."""
    whole = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return whole.replace("\0", "\ufffd")


def json_text(value: object) -> str:
    """ASCII JSON of a value made of frozen values, tuples and text."""
    return json.dumps(_adapter(type(value)).dump_python(value, mode="json"))


def _cell(name: str, value: object) -> object:
    if value is None:
        return None
    if name in JSON_COLUMNS:
        return json_text(value)
    if isinstance(value, StrEnum):
        return value.value
    return storable(value) if isinstance(value, str) else value


def _loaded(name: str, cell: object) -> object:
    return json.loads(cell) if name in JSON_COLUMNS and isinstance(cell, str) else cell


def _adapter(kind: type[Value]) -> TypeAdapter[Value]:
    """Made once for each kind; making one costs more than using it."""
    from pydantic import TypeAdapter

    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    adapter: TypeAdapter[Value] = _ADAPTERS[kind]
    return adapter
