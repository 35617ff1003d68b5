"""A config.toml of Codex that cannot be read: doctor and the worker say so, and nobody is asked."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

HALF = 'model_provider = "corp"\nmodel = "s3cret'
REASON = "config.toml cannot be read (it is not TOML); mend it, then `hivemind-skillopt worker run --now`"


@pytest.fixture
def broken(cli: Cli, tmp_path: Path) -> Cli:
    """Codex judges what was said to Claude Code; its config.toml is half-saved, and a `codex` notes when it runs."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "codex"
    program.write_text(f"#!/bin/sh\n[ \"$1\" = --version ] && echo 0.169.0 && exit\ntouch '{tmp_path}/asked'\n")
    program.chmod(0o755)
    (cli.home / ".codex").mkdir()
    (cli.home / ".codex" / "config.toml").write_text(HALF)
    path = f"{tmp_path}/bin{os.pathsep}{os.environ['PATH']}"
    cli.environ |= {"PATH": path, "HIVEMIND_SKILLOPT_AGENT": "codex"}
    return cli


def test_installing_elsewhere_goes_on(broken: Cli) -> None:
    done = broken.run("install", "--harness", "claude_code", "--yes")
    assert "to a model" in done.stdout
    assert "Claude Code: changed" in done.stdout


def test_installing_into_codex_is_refused_in_one_line(broken: Cli) -> None:
    assert "config.toml" in broken.fails("install", "--harness", "codex", "--yes")
    assert (broken.home / ".codex" / "config.toml").read_text() == HALF


def test_doctor_says_so_and_asks_nobody(broken: Cli, tmp_path: Path) -> None:
    broken.run("install", "--harness", "claude_code", "--yes")
    done = broken.run("doctor", "--scorer", "--json", code=1)
    failed = {one["check"]: one["message"] for one in json.loads(done.stdout)["checks"] if one["level"] == "fail"}
    assert failed == dict.fromkeys(("harness", "scorer"), f"{broken.home}/.codex/{REASON}")
    assert "s3cret" not in done.stdout + done.stderr
    assert not (tmp_path / "asked").exists()
    assert broken.json("status")["today"]["judge_calls"] == 0
