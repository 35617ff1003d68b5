"""A third party's package, installed by pip into an environment of its own: heard by the real worker and the real CLI.

The worker runs isolated (`python -I`), so nothing but a real installation reaches it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hivemind_skillopt.launch import GUARD_ARGUMENT, WORKER_MAIN
from tests.environments import environment_with
from tests.harness.world import wait_until
from tests.worker.lab import REF, Lab


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The interpreter of an environment that has the tiny package."""
    return environment_with(Path(__file__).parent, tmp_path_factory.mktemp("environment"))


def start(python: str, lab: Lab) -> subprocess.Popen[bytes]:
    """The worker as the recorder starts it, but for its own session: a test wants to wait for it."""
    env = {**dict(lab.settings.environ), "PATH": os.defpath, "XDG_DATA_HOME": os.environ["XDG_DATA_HOME"]}
    return subprocess.Popen([python, "-I", WORKER_MAIN, GUARD_ARGUMENT, str(lab.paths.state)], env=env)


def work(python: str, lab: Lab) -> None:
    assert start(python, lab).wait(timeout=120) == 0


def work_until_logged(python: str, lab: Lab, text: str) -> None:
    """The worker's job waits for ever: it is killed once the log has said why."""
    worker = start(python, lab)

    def is_logged() -> bool:
        assert worker.poll() is None
        return text in lab.paths.log.read_text()

    try:
        wait_until(is_logged, text)
    finally:
        worker.kill()
        worker.wait()


@pytest.fixture
def now(lab: Lab) -> Lab:
    """The process has the real clock; the tiny scorer judges."""
    lab.now = time.time_ns() - 600 * 10**9
    lab.environ["HIVEMIND_SKILLOPT_SCORER"] = "tiny"
    return lab


def test_its_scorer_judges_and_its_check_is_asked_in_the_worker(python: str, now: Lab) -> None:
    now.use()
    now.react("no, that is wrong: always ask which environment first")
    work(python, now)
    (verdict,) = now.store.verdicts()
    assert (verdict.usage.scorer, verdict.quote) == ("tiny", "always ask which environment first")
    assert [version.version for version in now.store.history(REF)] == [1, 2]
    assert b"- Always ask which environment first." in now.store.folder(REF, 2).skill_md
    (proposal,) = now.store.proposals()
    assert [check.result for check in proposal.checks if check.name == "no_shouting"] == ["pass"]


def test_the_plugin_that_cannot_be_loaded_is_harmless_in_the_worker_and_named_in_its_log(python: str, now: Lab) -> None:
    now.use()
    now.react("no, that is wrong: always ask which environment first")
    work(python, now)
    assert now.left() == [0, 0, 0]
    failed = now.log("plugin_failed")
    assert {(entry["plugin"], entry["error"]) for entry in failed} == {("tiny_broken", "ImportError")}
    assert now.log("worker_failed") == []


def test_without_the_package_its_scorer_is_unknown(now: Lab) -> None:
    """The worker of this environment, which has no such package: the log says why the job waits."""
    now.use()
    now.react("no, that is wrong: always ask which environment first")
    work_until_logged(sys.executable, now, "HIVEMIND_SKILLOPT_SCORER is 'tiny'")
    assert now.store.verdicts() == []
    assert now.log("plugin_failed") == []


def check(python: str, home: Path, added: str) -> tuple[int, dict[str, str]]:
    """`check` of the command line in the new environment: exit code, and each check's result."""
    before = "---\nname: deploy\ndescription: Deploy.\n---\n\n# Deploy\n"
    (home / "before.md").write_text(before)
    (home / "after.md").write_text(f"{before}\n{added}\n")
    argv = [python, "-m", "hivemind_skillopt", "check", "before.md", "after.md", "--json"]
    env = {"PATH": os.defpath, "HOME": str(home)}
    done = subprocess.run(argv, cwd=home, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    return done.returncode, {entry["name"]: entry["result"] for entry in json.loads(done.stdout)["checks"]}


def test_its_check_is_asked_by_the_command_line(python: str, tmp_path: Path) -> None:
    code, results = check(python, tmp_path, "Ask which environment first.")
    assert (code, results["no_shouting"]) == (0, "pass")
    code, results = check(python, tmp_path, "Ask which environment first!")
    assert (code, results["no_shouting"]) == (3, "hold")
    assert list(results)[-1] == "no_shouting", "after the built-in ones"


def test_a_scorer_that_raises_is_no_verdict_and_stops_nobody(python: str, now: Lab) -> None:
    now.environ["HIVEMIND_SKILLOPT_SCORER"] = "raising"
    now.use()
    now.react("no, that is wrong: always ask which environment first")
    work_until_logged(python, now, "KeyError in step judge")
    assert now.store.verdicts() == []
    assert now.log("worker_failed") == []


def test_the_plugin_that_cannot_be_loaded_is_loud_in_doctor(python: str, tmp_path: Path) -> None:
    argv = [python, "-m", "hivemind_skillopt", "doctor", "--json"]
    env = {"PATH": os.defpath, "HOME": str(tmp_path)}
    done = subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    (message,) = [one["message"] for one in json.loads(done.stdout)["checks"] if one["check"] == "plugins"]
    assert message == (
        "tiny_broken is left out: ImportError: tiny_broken needs a package that nobody installed; mend or uninstall it"
    )
