"""A third party's package after a bad upgrade: its own harness has to wait, every other goes on without it.

The machine has Claude Code beside it, whose hooks are run by hand.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.environments import environment_with
from tests.harness_package.machine import FOREIGN, PACKAGE, Machine

RAISES = """

def _broken(*arguments: object) -> object:
    raise KeyError("what somebody typed")


def _no_file(*arguments: object) -> object:
    raise FileNotFoundError("what somebody typed")


"""
LEFT_OUT = {"home": "TinyHarness.home = _broken\n", "cli": "del TinyHarness.cli\n"}
FAILS_LATER = {
    "events": "TinyHarness.events = _no_file\n",
    "with_hooks": "TinyHarness.with_hooks = _broken\n",
    "without_hooks": "TinyHarness.without_hooks = _broken\n",
}
BROKEN = LEFT_OUT | FAILS_LATER


@dataclass
class Installed:
    """The installed module of the package."""

    python: str
    module: Path
    sound: str

    def break_it(self, member: str) -> None:
        self.module.write_text(self.sound + RAISES + BROKEN[member])

    def mend(self) -> None:
        self.module.write_text(self.sound)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    python = environment_with(PACKAGE, tmp_path_factory.mktemp("environment"))
    (module,) = Path(python).parent.parent.glob("lib/python*/site-packages/tinyharness.py")
    return Installed(python, module, module.read_text())


@pytest.fixture
def both(package: Installed, tmp_path: Path) -> Iterator[Machine]:
    """Claude Code and Tiny Harness have been used here."""
    machine = Machine(tmp_path / "home", python=package.python)
    machine.settings.parent.mkdir()
    yield machine
    package.mend()


def claude_starts(machine: Machine) -> None:
    """As Claude Code runs our hook."""
    (entry,) = json.loads(machine.settings.read_text())["hooks"]["SessionStart"]
    payload = json.dumps({"session_id": "s1", "hook_event_name": "SessionStart", "source": "startup", "cwd": "/w"})
    command, env = entry["hooks"][0]["command"], {"HOME": str(machine.home), **machine.environ}
    subprocess.run(["/bin/sh", "-c", command], input=payload.encode(), env=env, timeout=60, check=True)


def levels(checks: list[dict[str, Any]], check: str) -> set[str]:
    return {one["level"] for one in checks if one["check"] == check}


@pytest.mark.parametrize("member", ["home", "cli", "with_hooks"])
def test_the_others_are_installed(both: Machine, package: Installed, member: str) -> None:
    package.break_it(member)
    done = both.run("install", "--yes", code=0 if member in LEFT_OUT else 1)
    assert "SessionStart" in json.loads(both.settings.read_text())["hooks"]
    assert both.hooks_file.read_bytes() == FOREIGN.encode()
    assert [one["harness"] for one in both.json("status")["harnesses"]] == ["claude_code"]
    if member in FAILS_LATER:
        assert "the adapter 'tinyharness' of the plugin 'tinyharness' failed in with_hooks (KeyError)" in done.stderr
    assert "typed" not in done.stderr


@pytest.mark.parametrize("member", BROKEN)
def test_the_others_work_are_examined_and_uninstalled(both: Machine, package: Installed, member: str) -> None:
    both.set_up()
    package.break_it(member)
    both.prompt("please deploy the service")
    claude_starts(both)
    both.work()
    assert "claude_code" in {entry["harness"] for entry in both.log("attributed")}
    assert both.log("worker_failed") == []
    why = " ".join(entry["why"] for entry in both.log("set_aside"))
    assert ("'tinyharness' failed in events (FileNotFoundError)" in why) is (member == "events")
    assert ("no adapter for harness 'tinyharness'" in why) is (member in LEFT_OUT)
    problems = {one["harness"]: one["problem"] for one in both.json("status")["harnesses"]}
    assert problems["claude_code"] is None
    assert bool(problems["tinyharness"]) is (member in LEFT_OUT)
    both.hooks_file.write_bytes(both.hooks_file.read_bytes().replace(b"blue", b"green"))
    check_uninstall(both, package, member)


def check_uninstall(both: Machine, package: Installed, member: str) -> None:
    """Ours are taken out of the one at once, out of the other once its adapter is mended."""
    waits = member in LEFT_OUT or member == "without_hooks"
    done = both.run("uninstall", code=1 if waits else 0)
    assert not both.settings.exists()
    if waits:
        assert "tinyharness still has our hooks" in done.stderr
        assert [one["harness"] for one in both.json("status")["harnesses"]] == ["tinyharness"]
        assert "tinyharness still has our hooks" in both.fails("uninstall", "--purge", "--yes")
        package.mend()
        both.run("uninstall")
    assert both.hooks_file.read_bytes() == FOREIGN.replace("blue", "green").encode()
    assert both.json("status")["harnesses"] == []


@pytest.mark.parametrize("member", ["home", "events", "with_hooks"])
def test_doctor_names_it_and_examines_the_others(both: Machine, package: Installed, member: str) -> None:
    both.set_up()
    package.break_it(member)
    checks = both.json("doctor", code=1)["checks"]
    assert levels(checks, "Claude Code") == {"ok"}
    failed = " ".join(one["message"] for one in checks if one["level"] == "fail")
    assert ("tinyharness" if member == "home" else "Tiny Harness") in {
        one["check"] for one in checks if one["level"] == "fail"
    }
    assert member in failed or member == "events"
    assert "typed" not in failed
