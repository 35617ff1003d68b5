"""Change a JSON text only where something is put in or taken out; every other byte stays.

Whoever wrote the file keeps their indentation, line ends, byte order mark and missing final newline. What `add` put in,
`remove` takes out exactly, in whatever text stands around it by then. Positions come from the standard library's
scanner; an equal key that stands twice means its last one, as in every harness.

No library does this well enough: the round-trip ones for Python (json-five, jsonc-sdict) render comments and values
anew, the surgical ones are weeks old, and a harness that reads strict JSON needs neither comments nor trailing commas.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

BOM = "\ufeff"

Path = tuple[str | int, ...]

_SPACE = re.compile(r"[ \t\n\r]*")
_INDENT = re.compile(r"\n([ \t]+)\S")


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_int=float)
"""Strict JSON. Integers as floats: Python refuses to read very long ones, and nobody here counts with them."""


@dataclass(frozen=True, slots=True)
class _Item:
    """One member (`start` is its key's) or element of a container."""

    key: str | int
    start: int
    value: int
    end: int


@dataclass(frozen=True, slots=True)
class _Container:
    """An object or array: the positions of its brackets, and what is between."""

    opens: int
    items: tuple[_Item, ...]
    closes: int


def read(text: str) -> object:
    """The value. Raises ValueError where the text is not strict JSON (a leading BOM is fine)."""
    try:
        value, end = _DECODER.raw_decode(text, _skip(text, text.startswith(BOM)))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if _skip(text, end) != len(text):
        raise ValueError(f"more text after the value: line {text.count(chr(10), 0, end) + 1}")
    return value


def add(text: str, path: Path, value: object, key: str = "") -> str:
    """Put a member (`key`) or an element in at the end of the container at `path`, in the style of its neighbours."""
    container = _container(text, path)
    indent = _line_indent(text, container.opens)
    newline = "\r\n" if "\r\n" in text else "\n"
    if container.items:
        at = container.items[-1].end
        space = _lead(text, container, len(container.items) - 1)
        lead, trail = "," + (space or " " * (len(container.items) == 1 and _is_airy(text))), ""
    else:
        at = container.opens + 1
        wide = _is_multi_line(text) and "\n" not in text[at : container.closes]
        lead, trail = (newline + indent + _unit(text), newline + indent) if wide else ("", "")
    shown = _render(text, value, newline, lead)
    name = json.dumps(key, ensure_ascii=False) + (": " if _is_airy(text) else ":") if key else ""
    return text[:at] + lead + name + shown + trail + text[at:]


def remove(text: str, path: Path) -> str:
    """Take the member or element at `path` out, with the comma and the white space that came with it."""
    container = _container(text, path[:-1])
    at = max(index for index, item in enumerate(container.items) if item.key == path[-1])
    item, alone = container.items[at], len(container.items) == 1
    if alone:
        rest = text[item.end : container.closes]
        if "\n" in _lead(text, container, 0):
            rest = re.sub(r"\A\r?\n", "", rest).removeprefix(_line_indent(text, container.opens))
        return text[: container.opens + 1] + rest + text[container.closes :]
    if at == 0:
        return text[: item.start] + text[container.items[1].start :]
    return text[: container.items[at - 1].end] + text[item.end :]


def _container(text: str, path: Path) -> _Container:
    at = _skip(text, text.startswith(BOM))
    for key in path:
        at = next(item.value for item in reversed(_items(text, at).items) if item.key == key)
    return _items(text, at)


def _items(text: str, opens: int) -> _Container:
    """The text has been read before: its brackets, colons and commas are where they belong."""
    found: list[_Item] = []
    at = _skip(text, opens + 1)
    while text[at] not in "}]":
        start, key = at, str(len(found))
        if text[opens] == "{":
            key, at = _DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        _, end = _DECODER.raw_decode(text, at)
        found.append(_Item(key if text[opens] == "{" else len(found), start, at, end))
        at = _skip(text, end)
        at = _skip(text, at + 1) if text[at] == "," else at
    return _Container(opens, tuple(found), at)


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _lead(text: str, container: _Container, index: int) -> str:
    """The white space before an item, after the bracket or the comma."""
    start = container.items[index].start
    return text[len(text[:start].rstrip(" \t\r\n")) : start]


def _render(text: str, value: object, newline: str, lead: str) -> str:
    """On lines of its own where its neighbours are, else on one."""
    if "\n" not in lead:
        return json.dumps(value, ensure_ascii=False, separators=(", ", ": ") if _is_airy(text) else (",", ":"))
    lines = json.dumps(value, ensure_ascii=False, indent=_unit(text)).split("\n")
    return (newline + lead.rpartition("\n")[2]).join(lines)


def _is_multi_line(text: str) -> bool:
    """A text of several lines, or one that holds nothing yet."""
    return "\n" in text.strip(BOM + " \t\r\n") or not read(text)


def _is_airy(text: str) -> bool:
    """Is there a space after a colon?"""
    return _is_multi_line(text) or '": ' in text


def _unit(text: str) -> str:
    found = _INDENT.search(text)
    return found[1] if found else "  "


def _line_indent(text: str, at: int) -> str:
    """The white space at the beginning of the line."""
    line = text[text.rfind("\n", 0, at) + 1 : at].lstrip(BOM)
    return line[: len(line) - len(line.lstrip(" \t"))]
