"""Session markers: empty files that tell the recorder which sessions may have an open window. Only hints."""

from __future__ import annotations

import re
from pathlib import Path

from hivemind_skillopt.model import DAY
from hivemind_skillopt.state.leftovers import is_old, remove

MARKER_AGE = 2 * DAY
"""A window lives for a day; each change of a session's windows makes its marker new."""


class Markers:
    """The folder of markers. The names are made as in `recorder.session_key`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, harness: str, session_id: str) -> None:
        """This session has an open window."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path(harness, session_id).touch(mode=0o600)

    def remove(self, harness: str, session_id: str) -> None:
        """It has none: its next prompt creates no file and starts no process."""
        self._path(harness, session_id).unlink(missing_ok=True)

    def forget(self, session_id: str) -> None:
        """Of a session whose harness is not known: a harness's name has no hyphen."""
        key = marker_name("", session_id)
        for path in self._folder.iterdir() if self._folder.is_dir() else ():
            if path.name[path.name.find("-") :] == key:
                remove(path)

    def clear(self) -> None:
        """No session has one."""
        for path in self._folder.iterdir() if self._folder.is_dir() else ():
            remove(path)

    def forget_old(self, now: int) -> None:
        """A session that used a skill and never said a word again."""
        for path in self._folder.iterdir() if self._folder.is_dir() else ():
            if is_old(path, now, MARKER_AGE):
                remove(path)

    def _path(self, harness: str, session_id: str) -> Path:
        return self._folder / marker_name(harness, session_id)


def marker_name(harness: str, session_id: str) -> str:
    """`<harness>-<session id with everything unusual as _>`."""
    raw = session_id.encode("utf-8", "surrogatepass")[:120]
    key = "".join(chr(c) for c in raw if c < 128)
    return f"{harness}-{re.sub('[^0-9A-Za-z-]', '_', key) or '_'}"
