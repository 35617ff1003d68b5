"""An environment of its own for a third party's package: ours, and what it needs, without installing them again."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

OURS = f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
"""In the new environment's .pth: this environment's packages."""

OPTIONS = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--no-warn-script-location")


def environment_with(package: Path, root: Path) -> str:
    """The interpreter of a new environment in which pip has installed the package."""
    venv.create(root, with_pip=False, symlinks=True)
    packages = next(root.glob("lib/python*/site-packages"))
    (packages / "ours.pth").write_text(OURS)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", *OPTIONS]
    done = subprocess.run(
        [*pip, "--target", packages, package], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return str(root / "bin" / "python")
