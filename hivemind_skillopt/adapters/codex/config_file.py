"""Codex's config.toml: our tables in and out of its text; every other byte stays.

The text is changed by its table headers. The standard library's parser says what is ours, and that nothing else has
changed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hivemind_skillopt.errors import HarnessError

TablePath = tuple[str, ...]
STATE: TablePath = ("hooks", "state")
"""Codex keeps what its user trusts in tables below this one, and writes its empty header, too."""

_HEADER = re.compile(r"[ \t]*\[")


@dataclass(frozen=True, slots=True)
class _Section:
    """A header with the lines up to the next one. The first one of a file has no header."""

    path: TablePath
    lines: tuple[str, ...]

    @property
    def length(self) -> int:
        """Up to its last line that says something: what follows is the next one's comment, or space."""
        said = [at for at, line in enumerate(self.lines) if line.strip() and not line.lstrip().startswith("#")]
        return said[-1] + 1 if said else 0


def read_config(text: str) -> dict[str, Any]:
    """The settings. Raises HarnessError."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise HarnessError(f"config.toml is not plain TOML ({error}); mend it, then try again") from None


def table(document: object, path: TablePath) -> Mapping[str, Any]:
    """The table at that path; an empty one where there is none."""
    for key in path:
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}


def with_tables(text: str, paths: Collection[TablePath], lines: str) -> str:
    """With `lines` at its end, which are the tables at those paths. Raises HarnessError where that would be no TOML."""
    newline = "\r\n" if "\r\n" in text else "\n"
    gap = newline if text.endswith("\n") or not text else newline * 2
    result = text + (gap if text.strip() else "") + lines.replace("\n", newline)
    before = _full(read_config(text))
    try:
        whole = _full(_pruned(tomllib.loads(result), paths)) == before
    except tomllib.TOMLDecodeError:
        whole = False
    if not whole:
        names = " or ".join(f"'{path[0]}'" for path in paths)
        raise HarnessError(f"{names} in config.toml has a shape we do not know; mend it, then install again")
    return result


def without_tables(text: str, paths: Collection[TablePath], before: str | None) -> str | None:
    """Without those tables; None: nothing is left of a file that was not there before us.

    `before` is what the file held before us. Raises HarnessError where they stand in a way that is not understood.
    """
    ours = [*paths, *([STATE] if _only_ours(text, paths) and not _has_header(before or "", STATE) else [])]
    result = "".join(_kept(_sections(text), ours))
    if _full(read_config(result)) != _full(_pruned(read_config(text), ours)):
        raise HarnessError("our tables in config.toml were written anew; take hivemind-skillopt out of it by hand")
    if not result.strip() and not (before or "").strip():
        return before
    return before if before is not None and result.rstrip("\r\n") == before.rstrip("\r\n") else result


def _sections(text: str) -> list[_Section]:
    found: list[_Section] = []
    path: TablePath = ()
    lines: list[str] = []
    for line in text.splitlines(keepends=True):
        if header := _header(line):
            found.append(_Section(path, tuple(lines)))
            path, lines = header, []
        lines.append(line)
    return [*found, _Section(path, tuple(lines))]


def _header(line: str) -> TablePath:
    """The path that a header line names; () for any other line."""
    if not _HEADER.match(line):
        return ()
    try:
        inner: object = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return ()
    path: list[str] = []
    while isinstance(inner, (dict, list)) and inner:
        if isinstance(inner, dict):
            path.append(next(iter(inner)))
        inner = inner[path[-1]] if isinstance(inner, dict) else inner[0]
    return tuple(path)


def _kept(sections: list[_Section], ours: Collection[TablePath]) -> Iterator[str]:
    """The lines of the others. An empty line before ours came with it."""
    kept: list[str] = []
    for section in sections:
        if any(section.path == path for path in ours):
            if kept and not kept[-1].strip():
                kept.pop()
            rest = section.lines[section.length :]
            kept += rest if kept else [line for line in rest if line.strip()]
        else:
            kept += section.lines
    yield from kept


def _only_ours(text: str, paths: Collection[TablePath]) -> bool:
    return not [key for key in table(read_config(text), STATE) if (*STATE, key) not in paths]


def _has_header(text: str, path: TablePath) -> bool:
    return any(section.path == path for section in _sections(text))


def _pruned(document: dict[str, Any], paths: Collection[TablePath]) -> dict[str, Any]:
    """Without what is at those paths."""
    return {
        key: _pruned(value, [path[1:] for path in paths if path[0] == key and path[1:]])
        if isinstance(value, dict)
        else value
        for key, value in document.items()
        if (key,) not in paths
    }


def _full(document: object) -> object:
    """Without empty tables: whether their header stands there or not means the same."""
    if not isinstance(document, dict):
        return document
    return {key: value for key, value in ((key, _full(value)) for key, value in document.items()) if value != {}}
