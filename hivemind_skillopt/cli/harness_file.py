"""Changing a harness's own file: backed up, through links, with its mode kept, never half-written. And the launcher."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from hivemind_skillopt.bundle import PACKAGE
from hivemind_skillopt.errors import HarnessError
from hivemind_skillopt.state.files import write_atomically

START_RECORDER = "import sys; sys.path.insert(0, sys.argv.pop(1)); from hivemind_skillopt.recorder import run; run()"
"""An imported module has its bytecode cached; a script would be compiled anew at each hook."""


def read_harness_file(path: Path) -> str | None:
    """Its text, byte-exact; None where there is none. Raises HarnessError."""
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise HarnessError(f"{path} cannot be read ({error}); mend it, then try again") from error


def change_harness_file(path: Path, text: str | None, backups: Path, at: int) -> None:
    """Write the new text; None: remove the file. A copy of the old one is kept in `backups`; `at` (ns) names it."""
    target = path.resolve()
    before = read_harness_file(target)
    if before is not None:
        write_atomically(backups / f"{at}-{target.name}", before.encode())
    if text is None:
        target.unlink(missing_ok=True)
        return
    mode = target.stat().st_mode & 0o777 if before is not None else 0o600
    if not target.parent.exists():
        target.parent.mkdir(parents=True)
    write_atomically(target, text.encode(), mode)


def launcher_text() -> str:
    """The script at the fixed path that hook commands run. Only its content changes on an upgrade.

    The recorder is told its state directory: the launcher's own folder. An interpreter that is gone ends it
    silently.
    """
    python, start, parent = map(shlex.quote, (sys.executable, START_RECORDER, str(PACKAGE.parent)))
    return (
        f"#!/bin/sh\n[ -x {python} ] || exit 0\n"
        '[ "$HIVEMIND_SKILLOPT_DEBUG" = 1 ] || exec 2>/dev/null\n'
        f'exec {python} -I -S -c {start} {parent} "${{0%/*}}" "$@"\n'
    )
