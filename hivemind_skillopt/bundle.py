"""Where the harness-side files (top-level `hooks/` and `adapters/`) are at run time."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent


def bundle_dir() -> Path:
    """`_bundle/` inside an installed wheel, else the checkout itself (editable install)."""
    packaged = PACKAGE / "_bundle"
    return packaged if packaged.is_dir() else PACKAGE.parent
