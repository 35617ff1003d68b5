"""Which folders were not there before us: a purge takes them away again where they are empty."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from hivemind_skillopt.state.files import write_atomically


class MadeFolders:
    """A small file of paths, one a line, in the state directory."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def note(self, *folders: Path) -> None:
        """Remember those of them, and of their parents, that are missing now. To be called before they are made.

        What cannot be written down stays at a purge: no reason to stop anybody's work.
        """
        missing = {path for folder in folders for path in (folder, *folder.parents) if not os.path.lexists(path)}
        if missing - self.all():
            lines = sorted(os.fsencode(path) for path in missing | self.all())
            with suppress(OSError):
                write_atomically(self._file, b"\n".join(lines))

    def all(self) -> set[Path]:
        """Every folder noted so far."""
        try:
            return {Path(os.fsdecode(line)) for line in self._file.read_bytes().split(b"\n")}
        except OSError:
            return set()


def remove_empty(folders: set[Path]) -> None:
    """Take away the empty ones, the deepest first; all others stay."""
    for folder in sorted(folders, key=lambda path: len(path.parts), reverse=True):
        with suppress(OSError):
            folder.rmdir()
