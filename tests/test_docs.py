"""The tables in `docs/` name tests as `tests/<file>.py::<test>`; each of them must be there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "docs").rglob("*.md"))
TEST = re.compile(r"\btests/[\w/.-]+\.py(?:::[\w:]+)?")


@cache
def defined_in(path: Path) -> frozenset[str]:
    """The test functions of a file; those of a class as `Class::test`."""
    tree = ast.parse(path.read_text("utf-8"))
    found = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    for group in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        found += [f"{group.name}::{node.name}" for node in group.body if isinstance(node, ast.FunctionDef)]
    return frozenset(name for name in found if "test_" in name)


def missing(name: str) -> bool:
    """Is there no such file, or no such test in it?"""
    file, _, test = name.partition("::")
    path = ROOT / file
    return not path.is_file() or (bool(test) and test not in defined_in(path))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_test_that_a_page_names_is_there(page: Path) -> None:
    assert [name for name in TEST.findall(page.read_text("utf-8")) if missing(name)] == []


@pytest.mark.parametrize("page", ["claude-code-traps", "promises", "threat-model"])
def test_every_row_names_its_test(page: str) -> None:
    """A row of the table without one would be a promise only."""
    text = (ROOT / "docs" / f"{page}.md").read_text("utf-8")
    heads = ("| trap", "| promise", "| path", "|--")
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith(heads)]
    assert len(rows) > 30
    assert [row for row in rows if not re.search(r"`tests/\S+\.py::test_\w+`", row)] == []


def test_a_name_that_is_not_there_is_found() -> None:
    assert missing("tests/test_docs.py::test_nobody_wrote")
    assert missing("tests/test_nothing.py")
    assert not missing("tests/test_docs.py::test_a_name_that_is_not_there_is_found")
