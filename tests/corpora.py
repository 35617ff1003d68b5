"""Third-party corpora beside the checkout: real skills, edit vectors, benign edits, injections.

They are no part of the project, so a fresh clone never has them. A test that wants one is skipped by name where it is
absent, ALSO with SKILLOPT_REQUIRE_ALL=1: that variable is about what a machine can install, and these cannot be.
`SKILLOPT_CORPORA` names another directory.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "corpora"


def corpus(name: str) -> Path:
    """The file or folder of one corpus; skips the test where there is none."""
    path = Path(os.environ.get("SKILLOPT_CORPORA") or _BESIDE) / name
    if not path.exists():
        pytest.skip(f"corpus {name} is not at {path} (set SKILLOPT_CORPORA); a fresh clone never has it")
    return path


def rows(name: str) -> list[dict]:
    """A JSONL corpus."""
    return [json.loads(line) for line in corpus(name).read_text(encoding="utf-8").splitlines()]


def skill_files() -> list[Path]:
    """The real SKILL.md files, sorted."""
    return sorted(corpus("skills_md").iterdir())
