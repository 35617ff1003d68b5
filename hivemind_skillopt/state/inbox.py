"""The inbox: files that recorders and bridges wrote. The format is described in `recorder.py`."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from hivemind_skillopt.errors import SkillOptError
from hivemind_skillopt.events import InboxItem
from hivemind_skillopt.model import TEXT_AGE
from hivemind_skillopt.state.leftovers import is_old, remove

FIRST_LINE = "hivemind-skillopt inbox 1"
MAX_BYTES = 4 << 20
"""More than a recorder writes: 1 MiB of payload, and settings that the system limits to 128 KiB each."""

MOST_SET_ASIDE = 100
"""Enough to see what is wrong with them."""

OUT_OF_RESOURCES = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""Says nothing about the file: it is read again another time."""

SESSION_KEYS = ("parent_conversation_id", "conversation_id", "session_id")
"""As in `recorder.py`; the bridges write the last one."""

_NAME = re.compile(r"(0\d{19})-[0-9a-zA-Z_-]{1,64}")
_ESCAPED = re.compile(r"\\(.)", re.S)
_GENERATION = re.compile(r"\d{1,18}", re.A)


class InboxUnreadable(SkillOptError):
    """Not an inbox file."""


class Inbox:
    """The folder."""

    def __init__(self, folder: Path, set_aside: Path) -> None:
        self._folder = folder
        self._set_aside = set_aside

    def names(self) -> list[str]:
        """File names in order of time. A folder that is not there yet is empty."""
        return sorted(name for name in _listed(self._folder) if _NAME.fullmatch(name))

    def strangers(self) -> list[str]:
        """What no recorder wrote. Names with a dot in front are not looked at: temporary files, and a desktop's own."""
        return sorted(name for name in _listed(self._folder) if not name.startswith(".") and not _NAME.fullmatch(name))

    def items(self, names: list[str]) -> Iterator[tuple[str, InboxItem | InboxUnreadable]]:
        """Each name with what its file holds. One that vanished is left out."""
        for name in names:
            try:
                yield name, read_item(name, _read_plain(self._folder / name))
            except FileNotFoundError:
                continue
            except InboxUnreadable as error:
                yield name, error

    def remove(self, name: str) -> None:
        """It has been taken in."""
        (self._folder / name).unlink(missing_ok=True)

    def about(self, session_id: str) -> list[Path]:
        """The files, set aside ones too, whose payload says that it is of that session."""
        paths = [folder / name for folder in (self._folder, self._set_aside) for name in _listed(folder)]
        says_so = _of_session(session_id)
        return [path for path in paths if _holds(path, says_so)]

    def clear(self) -> None:
        """Nothing of what was recorded stays, half-written files included."""
        for folder in (self._folder, self._set_aside):
            for name in _listed(folder):
                remove(folder / name)

    def forget_set_aside(self, now: int) -> None:
        """Files that could not be read may hold what was typed: they go after a day."""
        for name in _listed(self._set_aside):
            if is_old(self._set_aside / name, now, TEXT_AGE):
                remove(self._set_aside / name)

    def put_aside(self, name: str) -> None:
        """It cannot be read: out of the way, for a day. The oldest of too many go. Raises OSError."""
        for old in sorted(_listed(self._set_aside))[: 1 - MOST_SET_ASIDE]:
            remove(self._set_aside / old)
        self._set_aside.mkdir(mode=0o700, parents=True, exist_ok=True)
        taken = os.path.lexists(self._set_aside / name)
        (self._folder / name).rename(self._set_aside / (f"{name[:150]}.{os.urandom(4).hex()}" if taken else name))

    def older_than(self, at: int) -> int:
        """How many files were recorded before then (ns)."""
        return sum(int(name.partition("-")[0]) < at for name in self.names())

    def set_aside_count(self) -> int:
        """How many files lie there."""
        return len(_listed(self._set_aside))


def _listed(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in os.scandir(folder)]
    except FileNotFoundError:
        return []


def _of_session(session_id: str) -> re.Pattern[bytes]:
    """By its bytes, so that what is cut short or no JSON is found too. Quotes in a JSON text are escaped: no match."""
    written = {json.dumps(session_id, ensure_ascii=ascii_only) for ascii_only in (True, False)}
    values = "|".join(re.escape(value) for value in sorted(written))
    pattern = rf'"(?:{"|".join(SESSION_KEYS)})"\s*:\s*(?:{values})'
    return re.compile(pattern.encode("utf-8", "surrogateescape"))


def _holds(path: Path, what: re.Pattern[bytes]) -> bool:
    try:
        return bool(what.search(_payload(_read_plain(path))))
    except (FileNotFoundError, InboxUnreadable):
        return False


def _payload(data: bytes) -> bytes:
    """What follows the header; all of it where there is none."""
    return data.partition(b"\n\n")[2] if data.startswith(FIRST_LINE.encode()) else data


def _read_plain(path: Path) -> bytes:
    """The file's bytes. A link is not followed and a pipe is not waited for. Raises InboxUnreadable."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno in OUT_OF_RESOURCES:
            raise
        raise InboxUnreadable("no plain file" if error.errno == errno.ELOOP else str(error.strerror)) from error
    try:
        return _bytes_of(descriptor)
    finally:
        os.close(descriptor)


def _bytes_of(descriptor: int) -> bytes:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_BYTES:
        raise InboxUnreadable("no plain file" if status.st_size <= MAX_BYTES else f"larger than {MAX_BYTES} bytes")
    try:
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(MAX_BYTES)
    except OSError as error:
        raise InboxUnreadable(str(error.strerror)) from error


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
        generation=int(generation) if _GENERATION.fullmatch(generation) else 0,
        carried=values,
        payload=payload,
    )


def _pair(line: str) -> tuple[str, str]:
    name, _, value = line.partition("=")
    return name, _ESCAPED.sub(lambda found: {"n": "\n", "r": "\r"}.get(found[1], found[1]), value)
