"""What a killed process leaves behind: temporary files, folders and links that nobody will rename any more."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from hivemind_skillopt.model import DAY

LEFTOVER_AGE = DAY
"""Nobody needs so long between writing a temporary file and renaming it. On both sides of now: clocks are set."""

RECORDERS = ".tmp-*"
"""The recorder's in the inbox, and half-written version folders."""

NEIGHBOURS = ".*.tmp-*"
"""Of `write_atomically` and `switch_link`: `.<name>.tmp-<pid>-<hex>`."""


def sweep(folders: Iterable[Path], pattern: str, now: int, only: Callable[[Path], bool] = os.path.lexists) -> None:
    """Remove what fits the pattern (and `only`) and is older than a day. What cannot be removed stays."""
    for folder in folders:
        for path in folder.glob(pattern):
            if only(path) and is_old(path, now, LEFTOVER_AGE):
                remove(path)


def is_old(path: Path, now: int, age: int) -> bool:
    """Did it come here longer ago than `age` (ns)? A time in the future counts too: the clock was set back."""
    try:
        return abs(now - path.lstat().st_ctime_ns) > age
    except OSError:
        return False


def remove(path: Path) -> None:
    """A file, link, pipe or a whole folder; one that cannot be removed is left."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        return
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return
