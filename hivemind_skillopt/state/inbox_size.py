"""How much waits in the inbox. Recorders list no folder: they read and add to a count, which is put right here."""

from __future__ import annotations

import os
from pathlib import Path

from hivemind_skillopt.state.files import write_atomically

BLOCK = 4096
MAX_BLOCKS = 1 << 14
"""Both as in `recorder.may_wait`."""

LARGEST = (1 << 20) // BLOCK + 1
"""Blocks of what a recorder writes at most."""


def count_inbox(inbox: Path, count: Path) -> None:
    """Write how much waits now. What a recorder adds at this moment may be missing until the next time."""
    if count.exists():
        write_atomically(count, b"." * sum(_blocks(inbox)))


def is_full(count: Path) -> bool:
    """Whether a large payload has no room any more; small ones may have."""
    return count.exists() and count.stat().st_size > MAX_BLOCKS - LARGEST


def _blocks(inbox: Path) -> list[int]:
    """Of each file; one that goes meanwhile counts nothing."""
    blocks = []
    for entry in os.scandir(inbox) if inbox.is_dir() else ():
        try:
            blocks.append(entry.stat(follow_symlinks=False).st_size // BLOCK + 1)
        except FileNotFoundError:
            continue
    return blocks
