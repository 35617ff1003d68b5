"""Completeness: every hook is documented with its exact arguments, and used by a test."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from hivemind_skillopt.hooks import specs

TESTS = Path(__file__).parent.parent
DOCS = TESTS.parent / "docs" / "hooks.md"
HOOKS = [name for name, value in vars(specs).items() if hasattr(value, f"{specs.PROJECT}_spec")]


def test_the_three_events_are_hooks() -> None:
    assert {"session_start", "pre_tool_use", "user_prompt_submit"} <= set(HOOKS)


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_is_documented_with_its_arguments(name: str) -> None:
    arguments = ", ".join(inspect.signature(getattr(specs, name)).parameters)
    assert f"## {name}({arguments})\n" in DOCS.read_text()
    assert inspect.getdoc(getattr(specs, name))


def test_no_other_hook_is_documented() -> None:
    assert re.findall(r"^## (\w+)\(", DOCS.read_text(), re.M) == HOOKS


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_is_implemented_by_a_test(name: str) -> None:
    files = [path for path in TESTS.rglob("test_*.py") if path != Path(__file__)]
    assert any(f"def {name}(" in path.read_text() for path in files)


@pytest.mark.parametrize("name", HOOKS)
def test_every_argument_and_result_is_typed(name: str) -> None:
    signature = inspect.signature(getattr(specs, name))
    assert signature.return_annotation is not inspect.Signature.empty
    assert all(p.annotation is not inspect.Parameter.empty for p in signature.parameters.values())
