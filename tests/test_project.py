"""What stands in two places must agree, and what is promised to be small stays small."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import hivemind_skillopt

ROOT = Path(__file__).parent.parent
PACKAGE = Path(hivemind_skillopt.__file__).parent
MAX_LINES = 400
"""Of one module; more is probably two ideas."""


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    plugin = json.loads((ROOT / ".claude-plugin" / "plugin.json").read_text())
    assert {project["version"], plugin["version"]} == {hivemind_skillopt.__version__}


def test_no_module_is_too_long() -> None:
    files = [*PACKAGE.rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    sizes = {str(path): len(path.read_text().splitlines()) for path in files}
    assert {name: lines for name, lines in sizes.items() if lines > MAX_LINES} == {}


def test_the_quick_start_is_two_blocks_of_one_line() -> None:
    text = (ROOT / "README.md").read_text().split("## Quick start")[1].split("\n## ")[0]
    blocks = [part.split("```")[0].strip().splitlines() for part in text.split("```sh\n")[1:]]
    assert [len(block) for block in blocks] == [1, 1]
    assert blocks[0][0].endswith("hivemind-skillopt demo")
    assert "pytest" in blocks[1][0]
