"""The few names of the Codex adapter."""

from __future__ import annotations

from pathlib import Path

import pytest

from hivemind_skillopt.adapters.codex import Codex
from hivemind_skillopt.harness import AsksForTrust, ConfiguredCli, HarnessAdapter


def test_where_codex_lives() -> None:
    codex: HarnessAdapter = Codex()
    assert codex.home({"HOME": "/h"}) == Path("/h/.codex")
    assert codex.home({"HOME": "/h", "CODEX_HOME": "/c"}) == Path("/c")
    assert codex.home({"HOME": "/h", "CODEX_HOME": ""}) == Path("/h/.codex")
    assert codex.skill_root(Path("/c")) == Path("/c/skills")


def test_what_it_offers_besides() -> None:
    assert isinstance(Codex(), AsksForTrust)
    assert isinstance(Codex().cli(), ConfiguredCli)


@pytest.mark.parametrize("route", ["plugin", "hooks.json"])
def test_only_hooks_that_run_this_launcher_are_tried(route: str) -> None:
    """After the state directory has moved, the commands that stand there are none of ours."""
    codex, home, launcher = Codex(), Path("/home/dev/.codex"), Path("/home/dev/state/launcher")
    files = codex.hook_files(home, route)
    texts = {file: codex.with_hooks(file, None, launcher) for file in files}
    assert {str(launcher) in probe.command for probe in codex.hook_probes(texts, launcher, "x")} == {True}
    assert {probe.command for probe in codex.hook_probes(texts, Path("/moved/launcher"), "x")} == {""}


def test_what_is_loaded_is_the_file_as_it_is() -> None:
    assert Codex().renders_as("---\nname: a\n---\nbody\n", "---\nname: a\n---\nbody\n")
    assert not Codex().renders_as("---\nname: a\n---\nbody\n", "body\n")
