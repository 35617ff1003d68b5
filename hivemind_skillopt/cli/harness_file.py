"""Changing a harness's own file: backed up, through links, with its mode and owner kept, never half-written.

And the launcher that the harness's hooks run.
"""

from __future__ import annotations

import os
import shlex
import stat
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from hivemind_skillopt.bundle import PACKAGE
from hivemind_skillopt.errors import HarnessError
from hivemind_skillopt.state.files import write_atomically

START_RECORDER = "import sys; sys.path.insert(0, sys.argv.pop(1)); from hivemind_skillopt.recorder import run; run()"
"""An imported module has its bytecode cached; a script would be compiled anew at each hook."""

MAX_BYTES = 1 << 20
"""More than any person's settings; Claude Code was seen to ignore 2.6 MB."""


def read_harness_file(path: Path) -> str | None:
    """Its text, byte-exact; None where there is none. Raises HarnessError for what we could not change safely."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_BYTES:
            raise HarnessError(f"{path} is no plain file of at most {MAX_BYTES >> 20} MiB; mend it, then try again")
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        if path.is_symlink():
            raise HarnessError(f"{path} is a link to nothing ({path.readlink()}); mend it, then try again") from None
        return None
    except UnicodeDecodeError:
        raise HarnessError(f"{path} is not UTF-8 text; mend it, then try again") from None
    except OSError as error:
        raise HarnessError(f"{path} cannot be read ({error.strerror}); mend it, then try again") from error


def change_harness_file(path: Path, text: str | None, backups: Path, at: int) -> None:
    """Write the new text; None: remove the file. A copy of the old one is kept in `backups`; `at` (ns) names it."""
    refuse_read_only(path)
    target = path.resolve()
    before = read_harness_file(target)
    if before is not None:
        write_atomically(backups / f"{at}-{target.name}", before.encode())
    if text is None:
        target.unlink(missing_ok=True)
        return
    old = target.stat() if before is not None else None
    target.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(target, text.encode(), old.st_mode & 0o7777 if old else 0o600)
    if old and (old.st_uid, old.st_gid) != (os.getuid(), os.getgid()):
        with suppress(PermissionError):
            os.chown(target, old.st_uid, old.st_gid)


def refuse_read_only(path: Path) -> None:
    """Whoever took the write permission away meant it. Raises HarnessError."""
    if path.exists() and (not path.stat().st_mode & 0o222 or not os.access(path, os.W_OK)):
        raise HarnessError(f"{path} is read-only; make it writable, then try again")


def launcher_text(home_variables: Sequence[str]) -> str:
    """The script at the fixed path that hook commands run. Only its content changes on an upgrade.

    The recorder is told its state directory, the launcher's own folder, and which variables move a harness's home. An
    interpreter that is gone ends it silently.
    """
    python, start, parent = map(shlex.quote, (sys.executable, START_RECORDER, str(PACKAGE.parent)))
    return (
        f"#!/bin/sh\n[ -x {python} ] || exit 0\n"
        '[ "$HIVEMIND_SKILLOPT_DEBUG" = 1 ] || exec 2>/dev/null\n'
        f'exec {python} -I -S -c {start} {parent} "${{0%/*}}" "$@" {shlex.join(home_variables)}\n'
    )


def why_silent(launcher: Path, show: Callable[[Path], str]) -> str:
    """Why no hook records anything: the launcher, or what it names, is gone; '' where all is there.

    A launcher of another version may be written otherwise: then only the launcher itself is looked at.
    """
    if not launcher.is_file():
        return f"{show(launcher)} is gone"
    if not os.access(launcher, os.X_OK):
        return f"{show(launcher)} is not executable"
    python, package = _named_in(launcher)
    if python and not os.access(python, os.X_OK):
        return f"the hooks' environment is gone ({show(python)})"
    if package and not (package / "recorder.py").is_file():
        return f"the hooks' environment has this program no more ({show(package)})"
    return ""


def _named_in(launcher: Path) -> tuple[Path, Path] | tuple[None, None]:
    """The interpreter and the package folder, as `launcher_text` writes them into the last command."""
    try:
        words = shlex.split(launcher.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None, None
    match words[words.index("-I") - 1 :] if "-I" in words else []:
        case [python, "-I", "-S", "-c", _, parent, *_]:
            return Path(python), Path(parent) / PACKAGE.name
    return None, None


def write_launcher(path: Path, home_variables: Sequence[str]) -> bool:
    """Make it what this program wants; False when it was."""
    text = launcher_text(home_variables)
    if path.is_file() and os.access(path, os.X_OK) and path.read_bytes() == text.encode():
        return False
    write_atomically(path, text.encode(), 0o700)
    return True
