"""A full disk, met by the recorder and by the worker: silence, nothing half, and all is done once there is room."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash.nursery import ROOT
from tests.harness.requirements import require

IN_A_SMALL_FILE_SYSTEM = 'mount -t tmpfs -o size=3m none "$1" && shift && exec "$@"'


def run(argv: list[str]) -> None:
    environ = {"PATH": os.environ["PATH"], "HOME": os.devnull}
    done = subprocess.run(argv, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("kib", [0, 16, 48, 100, 250, 600])
def test_files_that_cannot_grow(tmp_path: Path, kib: int) -> None:
    """From "nothing can be written" to "the database can, for a while"."""
    run([sys.executable, "-m", "tests.crash.full_disk", str(tmp_path), str(kib)])


def test_a_file_system_without_room(tmp_path: Path) -> None:
    """Needs a machine where one may be mounted."""
    unshare = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
    wrap = [*unshare, "sh", "-c", IN_A_SMALL_FILE_SYSTEM, "sh", str(tmp_path)]
    if shutil.which("unshare") is None or subprocess.run([*wrap, "true"], capture_output=True, check=False).returncode:
        require("no small file system can be mounted here")
    run([*wrap, sys.executable, "-m", "tests.crash.full_disk", str(tmp_path), "disk"])
