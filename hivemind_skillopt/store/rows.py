"""Frozen values as rows, and back; anybody with the password may have written what comes back.

Pydantic, imported on first use, checks it.

A column has its field's name; `ref` is the two columns name and author; what is nested is JSON text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from hivemind_skillopt.errors import SkillInvalid, StoreError, StoreTooNew
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
    from pydantic import TypeAdapter, ValidationError

Row = dict[str, object]
Value = TypeVar("Value")
Word = TypeVar("Word", bound=StrEnum)
Tell = Callable[[str], None]
"""Is told, in one line, of a row that was left out because it cannot be read."""

JSON_COLUMNS = frozenset({"checks", "contributors", "edits", "expected", "reaction_ids", "usage"})
EXECUTABLE, PLAIN = "755", "644"
"""The modes of `skill_files`."""

MAX_VERSION = 1_000_000_000
"""No skill gets there by publishing; a row beyond it would leave no room for the next version's number."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
BROKEN_CELL = (ArithmeticError, LookupError, RecursionError, TypeError, ValueError)
"""What JSON, times and numbers raise that somebody else wrote."""

_ADAPTERS: dict[type, TypeAdapter[Any]] = {}


def to_row(org: str, value: Annotation | Invocation | Proposal | Verdict) -> Row:
    """The row of a record."""
    row: Row = {"org": org, "name": value.ref.name, "author": value.ref.author}
    kind: type = type(value)
    for name in _columns(kind):
        row[name] = _cell(name, getattr(value, name))
    return row


def cells(values: Mapping[str, object]) -> Row:
    """Some columns of a record."""
    return {name: _cell(name, value) for name, value in values.items()}


def from_row(kind: type[Value], row: Mapping[str, object]) -> Value:
    """The value back. Raises StoreTooNew for a word that this program does not know, StoreError for a damaged row."""
    from pydantic import ValidationError

    try:
        cells = {name: _loaded(name, cell) for name, cell in row.items()}
        cells["ref"] = SkillRef(str(row["name"]), str(row["author"]))
        return _adapter(kind).validate_python(cells)
    except ValidationError as error:
        raise _refusal(kind, row, error) from None
    except SkillInvalid:
        raise damaged(kind, row, "name or author") from None
    except BROKEN_CELL:
        raise damaged(kind, row, "JSON") from None


def damaged(kind: type, row: Mapping[str, object], column: str) -> StoreError:
    """For a row that no version of this program has written."""
    return StoreError(f"{_named(kind, row)} whose {column} is damaged; it is left alone")


def known_word(words: type[Word], text: str, where: str) -> Word:
    """One of ours. Raises StoreTooNew."""
    try:
        return words(text)
    except ValueError:
        what = f"the org store has a {where} that this hivemind-skillopt does not know: {_shown(text)}"
        raise StoreTooNew(f"{what}; upgrade it") from None


def readable(rows: Iterable[Row], read: Callable[[Row], Value], tell: Tell) -> list[Value]:
    """What can be read; the others never hide it."""
    found = []
    for row in rows:
        try:
            found.append(read(row))
        except StoreError as error:
            tell(str(error))
    return found


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
    """One version. Raises StoreTooNew, StoreError."""
    try:
        published_at = from_iso(str(row["updated_at"]))
    except BROKEN_CELL:
        raise damaged(SkillVersion, row, "updated_at") from None
    version = from_row(SkillVersion, {**row, "published_at": published_at})
    if not 1 <= version.version <= MAX_VERSION:
        raise damaged(SkillVersion, row, "version")
    if not _SHA256.fullmatch(version.content_sha256):
        raise damaged(SkillVersion, row, "content_sha256")
    return version


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
    if text.isascii() and "\0" not in text:
        return text  # nearly all is; this is asked for every cell
    whole = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return whole.replace("\0", "\ufffd")


def json_text(value: object) -> str:
    """ASCII JSON of a value made of frozen values, tuples and text."""
    return json.dumps(_adapter(type(value)).dump_python(value, mode="json"))


def _refusal(kind: type, row: Mapping[str, object], error: ValidationError) -> StoreError:
    """An unknown word is a newer program's; anything else is nobody's."""
    first = error.errors()[0]
    column = ".".join(map(str, first["loc"]))
    if first["type"] != "enum":
        return damaged(kind, row, column)
    return StoreTooNew(f"{_named(kind, row)} whose {column} this hivemind-skillopt does not know; upgrade it")


def _named(kind: type, row: Mapping[str, object]) -> str:
    return f"the org store has a {kind.__name__} row {_shown(row.get('id'))}"


def _shown(value: object) -> str:
    """ASCII, one line, not long."""
    text = ascii(str(value)[:80])
    return text if len(text) <= 100 else f"{text[:97]}..."


@cache
def _columns(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.name != "ref")


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
