"""Which folders were not there before us: a purge takes them away again where they are empty."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from hivemind_skillopt.state.files import write_atomically


class MadeFolders:
    """A small file of paths, one a line, in the state directory."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def note(self, *folders: Path) -> None:
        """Remember those of them, and of their parents, that are missing now. To be called before they are made."""
        missing = {path for folder in folders for path in (folder, *folder.parents) if not path.exists()}
        if missing - self.all():
            lines = sorted(str(path) for path in missing | self.all())
            write_atomically(self._file, "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"))

    def all(self) -> set[Path]:
        """Every folder noted so far."""
        try:
            text = self._file.read_bytes().decode("utf-8", "surrogateescape")
        except FileNotFoundError:
            return set()
        return {Path(line) for line in text.splitlines()}


def remove_empty(folders: set[Path]) -> None:
    """Take away the empty ones, the deepest first; all others stay."""
    for folder in sorted(folders, key=lambda path: len(path.parts), reverse=True):
        with suppress(OSError):
            folder.rmdir()
