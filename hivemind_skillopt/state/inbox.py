"""The inbox: files that recorders and bridges wrote. The format is described in `recorder.py`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from hivemind_skillopt.errors import SkillOptError
from hivemind_skillopt.events import InboxItem
from hivemind_skillopt.model import TEXT_AGE

FIRST_LINE = "hivemind-skillopt inbox 1"
_NAME = re.compile(r"(0\d{19})-[0-9a-zA-Z_-]{1,64}")
_ESCAPED = re.compile(r"\\(.)", re.S)


class InboxUnreadable(SkillOptError):
    """Not an inbox file."""


class Inbox:
    """The folder."""

    def __init__(self, folder: Path, set_aside: Path) -> None:
        self._folder = folder
        self._set_aside = set_aside

    def names(self) -> list[str]:
        """File names in order of time. A folder that is not there yet is empty."""
        try:
            return sorted(entry.name for entry in os.scandir(self._folder) if _NAME.fullmatch(entry.name))
        except FileNotFoundError:
            return []

    def items(self, names: list[str]) -> Iterator[tuple[str, InboxItem | InboxUnreadable]]:
        """Each name with what its file holds. One that vanished is left out."""
        for name in names:
            try:
                yield name, read_item(name, (self._folder / name).read_bytes())
            except FileNotFoundError:
                continue
            except (InboxUnreadable, OSError) as error:
                yield name, InboxUnreadable(str(error))

    def remove(self, name: str) -> None:
        """It has been taken in."""
        (self._folder / name).unlink(missing_ok=True)

    def clear(self) -> None:
        """Nothing of what was recorded stays, half-written files included."""
        for folder in (self._folder, self._set_aside):
            for path in folder.iterdir() if folder.is_dir() else ():
                path.unlink(missing_ok=True)

    def forget_set_aside(self, now: int) -> None:
        """Files that could not be read may hold what was typed: they go after a day."""
        for path in self._set_aside.iterdir() if self._set_aside.is_dir() else ():
            if now - path.stat().st_mtime_ns > TEXT_AGE:
                path.unlink(missing_ok=True)

    def put_aside(self, name: str) -> None:
        """It cannot be read: out of the way, for a day."""
        self._set_aside.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self._folder / name).replace(self._set_aside / name)


def read_item(name: str, data: bytes) -> InboxItem:
    """Parse one file. Raises InboxUnreadable."""
    named = _NAME.fullmatch(name)
    head, empty, payload = data.partition(b"\n\n")
    lines = head.decode("utf-8", "surrogateescape").split("\n")
    if not named or not empty or lines[0] != FIRST_LINE:
        raise InboxUnreadable("not an inbox file of version 1")
    values = dict(_pair(line) for line in lines[1:])
    generation = values.pop("generation", "")
    return InboxItem(
        id=name,
        at=int(named[1]),
        harness=values.pop("harness", ""),
        event=values.pop("event", ""),
        generation=int(generation) if generation.isascii() and generation.isdigit() else 0,
        carried=values,
        payload=payload,
    )


def _pair(line: str) -> tuple[str, str]:
    name, _, value = line.partition("=")
    return name, _ESCAPED.sub(lambda found: {"n": "\n", "r": "\r"}.get(found[1], found[1]), value)
