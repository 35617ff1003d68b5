"""Completeness: every hook is documented with its exact arguments, and called by a test."""

from __future__ import annotations

import inspect
import re
import tomllib
import types
from pathlib import Path

import pytest

from hivemind_skillopt.events import Origin, PreToolUse, SessionStart, UserPromptSubmit
from hivemind_skillopt.gate.candidate import Candidate
from hivemind_skillopt.gate.decide import run_checks
from hivemind_skillopt.hooks import specs
from hivemind_skillopt.hooks.manager import Hooks
from hivemind_skillopt.model import Provenance, Result
from hivemind_skillopt.settings import Mode, load_settings

DOCS = Path(__file__).parents[2] / "docs" / "hooks.md"
ORIGIN = Origin("claude_code", "/h", "s", 1, 1, Mode.AUTO, 3)
EVENTS = (
    SessionStart(ORIGIN),
    PreToolUse(ORIGIN, "deploy--alice", Provenance.TOOL),
    UserPromptSubmit(ORIGIN, "r", "no", "no"),
)
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


def listener(heard: dict[str, tuple[object, ...]]) -> types.ModuleType:
    """A plugin that implements every hook with the arguments of its specification."""
    plugin = types.ModuleType("listener")
    vars(plugin).update(heard=heard, hookimpl=specs.hookimpl)
    for name in HOOKS:
        arguments = "".join(f"{each}, " for each in inspect.signature(getattr(specs, name)).parameters)
        exec(f"@hookimpl\ndef {name}({arguments}): heard[{name!r}] = ({arguments})", vars(plugin))
    return plugin


def test_every_hook_is_called_with_exactly_its_arguments() -> None:
    """What the worker and the CLI can ask of `Hooks` reaches a plugin; a hook that nobody calls fails here."""
    heard: dict[str, tuple[object, ...]] = {}
    hooks, settings = Hooks([listener(heard)], raise_it), load_settings({"HOME": "/h"})
    for event in EVENTS:
        hooks.emit(event)
    assert (hooks.adapters({}), hooks.scorers(settings), hooks.gate_checks()) == ({}, {}, ())
    assert list(heard) == HOOKS
    assert list(heard.values()) == [*((event,) for event in EVENTS), (), (settings,), ()]


def raise_it(plugin: str, error: Exception) -> None:
    raise error


def test_the_documented_package_works() -> None:
    """The recipe of docs/hooks.md, as it stands there."""
    code = dict(re.findall(r"```(toml|python)\n(.*?)```", DOCS.read_text(), re.S))
    project = tomllib.loads(code["toml"])
    ((_, module),) = project["project"]["entry-points"][specs.PROJECT].items()
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"] == [f"{module}.py"]
    plugin = types.ModuleType(module)
    exec(code["python"], vars(plugin))
    hooks = Hooks([plugin], raise_it)
    checks = run_checks(Candidate(b"# X\n", b"# X\n\nAsk first!\n"), hooks.gate_checks())
    assert [(check.name, check.result) for check in checks] == [("no_shouting", Result.HOLD)]


@pytest.mark.parametrize("name", HOOKS)
def test_every_argument_and_result_is_typed(name: str) -> None:
    signature = inspect.signature(getattr(specs, name))
    assert signature.return_annotation is not inspect.Signature.empty
    assert all(p.annotation is not inspect.Parameter.empty for p in signature.parameters.values())
