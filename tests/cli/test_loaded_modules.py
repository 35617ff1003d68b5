"""A command, and a worker without a job, load only what they need: a start is what people and harnesses wait for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hivemind_skillopt.launch import GUARD_ARGUMENT, WORKER_MAIN
from hivemind_skillopt.settings import load_settings
from hivemind_skillopt.worker.starting import starting
from tests.cli.conftest import Cli
from tests.worker.lab import Lab

HEAVY = {"anthropic", "openai", "httpx2", "ruamel", "tomlkit", "skills_ref", "strictyaml", "detect_secrets", "psycopg"}
"""Top-level packages that only some harnesses, scorers, stores or checks need."""

PARTS = {
    "pydantic",
    "sqlalchemy.dialects.postgresql",
    "hivemind_skillopt.gate",
    "hivemind_skillopt.pipeline",
    *(
        f"hivemind_skillopt.adapters.{harness}.payload"
        for harness in ("claude_code", "codex", "cursor", "hermes", "pi")
    ),
    *(
        f"hivemind_skillopt.adapters.{harness}.install"
        for harness in ("claude_code", "codex", "cursor", "hermes", "pi")
    ),
}
"""And what is only for events, jobs and rows, or for a change of a harness's files."""

START = """
import atexit, runpy, sys
file, kind, what, *arguments = sys.argv[1:]
atexit.register(lambda: print(*sys.modules, file=open(file, "w")))
sys.argv = [what, *arguments]
getattr(runpy, kind)(what, run_name="__main__")
"""


def loaded(where: Path, environ: dict[str, str], kind: str, *argv: str) -> set[str]:
    """The modules of a process of ours at its end, and the packages that they lie in. `kind`: runpy's function."""
    file = where / "modules"
    start = [sys.executable, "-c", START, str(file), kind, *argv]
    subprocess.run(start, env=environ, cwd=where, capture_output=True, check=True, timeout=60)
    names = file.read_text().split()
    return {name.rsplit(".", parts)[0] for name in names for parts in range(name.count(".") + 1)}


def of_command(cli: Cli, *arguments: str) -> set[str]:
    environ = {"PATH": os.environ["PATH"], "HOME": str(cli.home), "HIVEMIND_USER": "alice"}
    return loaded(cli.home, environ, "run_module", "hivemind_skillopt", *arguments)


def of_worker(lab: Lab) -> set[str]:
    environ = {**lab.settings.environ, "PATH": os.defpath}
    return loaded(lab.root, environ, "run_path", WORKER_MAIN, GUARD_ARGUMENT, str(lab.paths.state))


@pytest.mark.parametrize("arguments", [("status", "--json"), ("list", "--json"), ("verdicts", "--json")])
def test_a_command_loads_what_it_needs(cli: Cli, arguments: tuple[str, ...]) -> None:
    here = of_command(cli, *arguments)
    assert "hivemind_skillopt.store.sql" in here
    assert here & (HEAVY | PARTS | {"rich"}) == set()


def test_rich_is_for_people(cli: Cli) -> None:
    assert "rich" in of_command(cli, "status")


def test_a_worker_without_anything_to_do(tmp_path: Path) -> None:
    here = of_worker(Lab.of_today(tmp_path))
    assert "hivemind_skillopt.worker.loop" in here
    assert here & (HEAVY | PARTS | {"rich", "click"}) == set()


def test_a_start_that_is_superfluous(tmp_path: Path) -> None:
    """Another one is about to look into the inbox: this one ends before it costs something."""
    lab = Lab.of_today(tmp_path)
    lab.event("SessionStart", source="startup")
    with starting(load_settings({**lab.settings.environ, "HIVEMIND_SKILLOPT_STATE_DIR": str(lab.paths.state)})) as lock:
        assert lock
        here = of_worker(lab)
        assert {"hivemind_skillopt.worker.starting", "portalocker"} <= here
        assert here & (HEAVY | PARTS | {"rich", "click", "sqlalchemy"}) == set()
        lock.release()
        assert "sqlalchemy" in of_worker(lab)
    assert lab.left()[0] == 0


def test_a_worker_loads_the_harness_that_recorded(tmp_path: Path) -> None:
    lab = Lab.of_today(tmp_path)
    lab.event("SessionStart", source="startup")
    here = of_worker(lab)
    assert "hivemind_skillopt.adapters.claude_code.payload" in here
    own = ("claude_code.payload", "cursor.payload")  # Cursor runs these hooks as well
    others = {part for part in PARTS if ".adapters." in part and not part.endswith(own)}
    assert here & (HEAVY | others | {"hivemind_skillopt.gate"}) == set()
