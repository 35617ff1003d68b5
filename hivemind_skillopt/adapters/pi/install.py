"""Our extension as a file of pi: the one in `adapters/pi/` with this machine's paths written into it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from hivemind_skillopt.bundle import bundle_dir
from hivemind_skillopt.errors import HarnessError
from hivemind_skillopt.launch import WORKER_MAIN

NAME = "hivemind-skillopt.ts"

OURS = "// hivemind-skillopt for pi:"
"""How the file begins, in whatever version."""

_PLACE = "const INSTALLED = null;\n"


def with_hooks(file: Path, text: str | None, launcher: Path) -> str:
    """The whole file. Raises HarnessError where something foreign has its name."""
    if text is not None and not is_ours(text):
        raise HarnessError(f"{file} is not ours; rename it, then install again")
    paths = {"launcher": str(launcher), "python": sys.executable, "worker": WORKER_MAIN}
    return _template().replace(_PLACE, f"const INSTALLED = {json.dumps(paths)};\n")


def without_hooks(text: str, before: str | None) -> str | None:
    """None where it is ours: nothing of anybody else is in it."""
    return before if is_ours(text) else text


def is_ours(text: str) -> bool:
    """Did we write this?"""
    return text.startswith(OURS)


def _template() -> str:
    return (bundle_dir() / "adapters" / "pi" / NAME).read_text(encoding="utf-8")
