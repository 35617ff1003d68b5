"""Put one entry into a list of a YAML text, two keys deep, and take it out again; every other byte stays.

Comments, quotes, line ends and a missing final newline are the user's. The parser only tells where things stand and
checks the result; what cannot be changed so that nothing but our entry differs is refused.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

ListPath = tuple[str, str]
"""The two keys under which the list is."""

_PLAIN = re.compile(r"(?:/|[a-z]+-)[A-Za-z0-9/._-]*")
"""A path or a name with a hyphen: no other YAML value looks like it, so it needs no quotes in a block list."""


_COMMA = re.compile(r"(?:\s|(?<=\s)#[^\n]*)*,")
"""After a flow list's only member; a comment may come before it."""


class NotChangeable(ValueError):
    """The text is no YAML mapping, or has something where the list should be."""


def read(text: str) -> dict[str, Any]:
    """The mapping; {} for a text without any value. Raises NotChangeable."""
    try:
        value = YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError, RecursionError) as error:
        raise NotChangeable(_said(error)) from None
    if value is not None and not isinstance(value, dict):
        raise NotChangeable("it holds no mapping")
    return value or {}


def entries(text: str, path: ListPath) -> list[object]:
    """What the list holds; [] where there is none. Raises NotChangeable."""
    found = _reached(read(text), path)
    return found[1] if len(found) == len(path) and isinstance(found[1], list) else []


def present(text: str, path: ListPath) -> int:
    """How many of the two keys are there. Raises NotChangeable."""
    return len(_reached(read(text), path))


def add(text: str, path: ListPath, value: str) -> str:
    """With the entry at the list's end, in the style of what is around it. Raises NotChangeable."""
    after = _added(text, path, value)
    if read(after) != _expected(read(text), path, value) or remove(after, path, value, present(text, path)) != text:
        raise NotChangeable(f"nothing can be added to {'.'.join(path)} there")
    return after


def remove(text: str, path: ListPath, value: str, had: int) -> str:
    """Without the entry, and without the keys that hold nothing else but for the first `had` of them.

    Raises NotChangeable.
    """
    after = _removed(text, path, value, had)
    if _without(read(after), path) != _without(read(text), path, value):
        raise NotChangeable(f"nothing can be taken out of {'.'.join(path)} there")
    return after


def _removed(text: str, path: ListPath, value: str, had: int) -> str:
    places = list(_places(text, path))
    if len(places) <= len(path):
        return text
    entry = next((member for member in places[-1].members if _is(member.value, value)), None)
    if entry is None:
        return text
    chosen = places[-1], entry
    for depth in (1, 0):  # outwards, as long as the place holds nothing else
        if len(chosen[0].members) > 1 or had > depth:
            break
        chosen = places[depth], next(m for m in places[depth].members if _is(m.key, path[depth]))
    return _cut(text, *chosen, entry)


@dataclass(frozen=True, slots=True)
class _Member:
    """An entry of a list (no key) or of a mapping."""

    value: Node
    key: Node | None = None

    @property
    def start(self) -> int:
        return (self.key or self.value).start_mark.index  # type: ignore[no-any-return]

    @property
    def end(self) -> int:
        return self.value.end_mark.index  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class _Place:
    """A mapping or list, or the nothing after `key:`. `key`: under which it stands; None for the whole text."""

    node: Node | None
    key: Node | None

    @property
    def members(self) -> list[_Member]:
        match self.node:
            case MappingNode(value=pairs):
                return [_Member(value, key) for key, value in pairs]
            case SequenceNode(value=items):
                return [_Member(item) for item in items]
            case _:
                return []

    @property
    def is_flow(self) -> bool:
        return bool(getattr(self.node, "flow_style", False))


def _places(text: str, path: ListPath) -> Iterator[_Place]:
    """The whole text, then what is under the first key, then under both, as far as they are there."""
    try:
        place = _Place(YAML(typ="safe", pure=True).compose(text), None)
    except (YAMLError, ValueError, RecursionError) as error:
        raise NotChangeable(_said(error)) from None
    yield place
    for key in path:
        found = next((member for member in place.members if member.key and _is(member.key, key)), None)
        if found is None:
            return
        place = _Place(found.value, found.key)
        yield place


def _added(text: str, path: ListPath, value: str) -> str:
    *_, place = places = list(_places(text, path))
    keys = path[len(places) - 1 :]
    if any(getattr(one.node, "anchor", None) for one in places):
        raise NotChangeable(f"what {'.'.join(path)} holds has an anchor, so it may stand elsewhere, too")
    if place.is_flow and isinstance(place.node, MappingNode if keys else SequenceNode):
        return _added_in_flow(text, place, keys, value)
    at, indent = _where(text, place, mapping=bool(keys))
    return _with_lines(text, at, _lines(keys, value, indent))


def _where(text: str, place: _Place, *, mapping: bool) -> tuple[int, int]:
    """Where lines can be put into that block, and how deep. Raises NotChangeable."""
    match place.node:
        case None:
            return len(text), 0
        case MappingNode(start_mark=start) if mapping and not place.is_flow:
            return _line_start(text, place.members[0].start) if place.key else len(text), start.column
        case SequenceNode(start_mark=start) if not mapping and not place.is_flow:
            return _next_line(text, place.members[-1].end), start.column
        case ScalarNode(value="", style=None) if place.key is not None:
            return _next_line(text, place.key.end_mark.index), place.key.start_mark.column + 2
        case _:
            raise NotChangeable("there is something else where our list should be")


def _added_in_flow(text: str, place: _Place, keys: Sequence[str], value: str) -> str:
    shown = json.dumps(value, ensure_ascii=False)
    for depth, key in reversed(list(enumerate(keys))):
        shown = f"{json.dumps(key)}: " + (f"[{shown}]" if depth == len(keys) - 1 else f"{{{shown}}}")
    if not place.members:
        at = place.node.start_mark.index + 1  # type: ignore[union-attr]
        return text[:at] + shown + text[at:]
    last = place.members[-1]
    space = text[len(text[: last.start].rstrip()) : last.start]
    return text[: last.end] + "," + (space if "\n" in space else " ") + shown + text[last.end :]


def _lines(keys: Sequence[str], value: str, indent: int) -> list[str]:
    shown = value if _PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)
    named = [" " * (indent + 2 * depth) + f"{key}:" for depth, key in enumerate(keys)]
    return [*named, " " * (indent + 2 * len(keys)) + f"- {shown}"]


def _with_lines(text: str, at: int, lines: Sequence[str]) -> str:
    """At the beginning of a line; at the end of a text whose last line does not end, ours does not either."""
    newline = "\r\n" if "\r\n" in text else "\n"
    if at and text[at - 1] != "\n":
        return text[:at] + newline + newline.join(lines) + text[at:]
    return text[:at] + "".join(line + newline for line in lines) + text[at:]


def _cut(text: str, place: _Place, member: _Member, entry: _Member) -> str:
    """Without that member of that place, which ends where our entry ends."""
    if place.is_flow:
        return _cut_from_flow(text, place, member)
    start, end = _line_start(text, member.start), _next_line(text, entry.end)
    if text[end - 1] != "\n":
        start = len(text[:start].removesuffix("\n").removesuffix("\r"))
    return text[:start] + text[end:]


def _cut_from_flow(text: str, place: _Place, member: _Member) -> str:
    at = place.members.index(member)
    if at:
        return text[: place.members[at - 1].end] + text[member.end :]
    if len(place.members) > 1:
        return text[: member.start] + text[place.members[1].start :]
    comma = _COMMA.match(text, member.end)
    return text[: member.start] + text[comma.end() if comma else member.end :]


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _next_line(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found + 1


def _is(node: Node | None, value: str) -> bool:
    return isinstance(node, ScalarNode) and node.value == value


def _reached(value: object, path: Sequence[str]) -> list[Any]:
    """What is under the first key, under both, as far as they are there."""
    found = []
    for key in path:
        if not isinstance(value, dict) or key not in value:
            break
        value = value[key]
        found.append(value)
    return found


def _expected(value: dict[str, Any], path: ListPath, entry: str) -> dict[str, Any]:
    result = copy.deepcopy(value)
    section = result.get(path[0])
    section = result[path[0]] = {} if section is None else section
    there = section.get(path[1]) if isinstance(section, dict) else None
    if not isinstance(section, dict) or not isinstance(there, list | None):
        raise NotChangeable(f"{'.'.join(path)} is no list")
    section[path[1]] = [*(there or ()), entry]
    return result


def _without(value: dict[str, Any], path: ListPath, entry: str | None = None) -> dict[str, Any]:
    """The first such entry gone, and each of the two keys under which there is nothing."""
    result = copy.deepcopy(value)
    found = _reached(result, path)
    if len(found) == len(path) and isinstance(found[1], list) and entry in found[1]:
        found[1].remove(entry)
    for holder, key in reversed(list(zip([result, *found], path, strict=False))):
        if isinstance(holder, dict) and not holder.get(key, True):
            del holder[key]
    return result


def _said(error: Exception) -> str:
    """The parser's words, on one line."""
    problem, mark = getattr(error, "problem", None), getattr(error, "problem_mark", None)
    where = f", line {mark.line + 1}" if mark else ""
    return f"it is not valid YAML ({problem or type(error).__name__}{where})"
