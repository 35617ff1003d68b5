"""install --trust: nothing is trusted silently, and what is trusted was shown. The Codex here is a small script."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from hivemind_skillopt.cli import harness_program
from tests.cli.conftest import Cli

CODEX = """#!{python}
import json, os, sys
from pathlib import Path

home = Path(os.environ["CODEX_HOME"])
hooks = json.loads((home / "plugins/cache/hivemind-skillopt/hivemind-skillopt/1/hooks/hooks.json").read_text())["hooks"]
trusted = home / "trusted"
for line in sys.stdin:  # what comes after the end of its input is lost, as in the real one
    message = json.loads(line)
    if message["method"] == "config/batchWrite":
        trusted.write_text(json.dumps(message["params"]["edits"]))
        result = {{"status": "ok"}}
    elif message["method"] == "hooks/list":
        status = "trusted" if trusted.exists() else "untrusted"
        result = {{"data": [{{"hooks": [
            {{"key": event, "command": groups[0]["hooks"][0]["command"], "currentHash": "h", "trustStatus": status}}
            for event, groups in hooks.items()
        ]}}]}}
    else:
        continue
    print(json.dumps({{"id": message["id"], "result": result}}), flush=True)
"""


@pytest.fixture
def codex(cli: Cli, tmp_path: Path) -> Path:
    """Codex's home; the program is on the PATH."""
    program = tmp_path / "bin" / "codex"
    program.parent.mkdir()
    program.write_text(CODEX.format(python=sys.executable))
    program.chmod(0o755)
    cli.environ["PATH"] = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    (cli.home / ".codex").mkdir()
    return cli.home / ".codex"


INSTALL = ("install", "--harness", "codex", "--yes")


def test_without_the_flag_it_says_what_to_do_and_trusts_nothing(cli: Cli, codex: Path) -> None:
    said = cli.run(*INSTALL).stdout
    assert "open `codex`, type `/hooks` and press `t`" in said
    assert not (codex / "trusted").exists()
    assert "type `/hooks`" not in cli.run(*INSTALL).stdout, "once"


def test_with_it_the_commands_are_shown_and_trusted(cli: Cli, codex: Path) -> None:
    said = cli.run(*INSTALL, "--trust").stdout
    hooks = json.loads((codex / "plugins/cache/hivemind-skillopt/hivemind-skillopt/1/hooks/hooks.json").read_text())
    for groups in hooks["hooks"].values():
        assert groups[0]["hooks"][0]["command"] in said
    (edit,) = json.loads((codex / "trusted").read_text())
    assert edit["value"] == {event: {"trusted_hash": "h"} for event in hooks["hooks"]}
    assert "trusted already" in cli.run(*INSTALL, "--trust").stdout


def test_with_json_they_are_shown_on_standard_error(cli: Cli, codex: Path) -> None:
    done = cli.run(*INSTALL, "--trust", "--json")
    assert json.loads(done.stdout)[0]["harness"] == "codex"
    assert "launcher codex SessionStart" in done.stderr


def test_a_dry_run_trusts_nothing(cli: Cli, codex: Path) -> None:
    cli.run(*INSTALL, "--trust", "--dry-run")
    assert list(codex.iterdir()) == []


def test_whoever_says_no_has_not_trusted(cli: Cli, codex: Path) -> None:
    cli.run(*INSTALL)
    ours, terminal = pty.openpty()
    os.write(ours, b"y\nn\n")
    done = subprocess.run(
        [sys.executable, "-m", "hivemind_skillopt", "install", "--harness", "codex", "--trust"],
        env={"HOME": str(cli.home), "TERM": "dumb", **cli.environ},
        stdin=terminal, stdout=terminal, stderr=subprocess.PIPE, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    os.close(terminal)
    os.close(ours)
    assert (done.returncode, (codex / "trusted").exists()) == (1, False)


def test_without_the_program_the_hooks_are_there_and_the_reason_is_told(cli: Cli, codex: Path) -> None:
    cli.environ["PATH"] = os.defpath
    assert "`codex` is not on the PATH" in cli.fails(*INSTALL, "--trust")
    assert "hivemind-skillopt" in (codex / "config.toml").read_text()


def test_doctor_tells_a_program_that_cannot_be_asked_and_goes_on(cli: Cli, codex: Path) -> None:
    cli.run(*INSTALL)
    cli.environ["PATH"] = os.defpath
    checks = cli.json("doctor", code=1)["checks"]
    told = "nobody knows whether it runs them: `codex` is not on the PATH"
    assert {"level": "warn", "check": "Codex", "message": told} in checks
    assert [check["check"] for check in checks][-1] == "skills"


def test_a_program_that_never_ends_is_ended_with_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrapper's child holds the pipes."""
    monkeypatch.setattr(harness_program, "PROGRAM_SECONDS", 0.5)
    argv = ["/bin/sh", "-c", f"sleep 600 & echo $! > {tmp_path}/pid; wait"]
    done = harness_program._run(argv, {"PATH": os.environ["PATH"]}, "x", "never")
    assert done.returncode == -9
    child = Path("/proc") / (tmp_path / "pid").read_text().strip() / "stat"
    assert not child.exists() or ") Z " in child.read_text()


DROPS = """
import select, sys
sys.stdin.readline()
ended = select.select([sys.stdin], [], [], 0.5)[0]
print("dropped" if ended else "answered", flush=True)
print(repr(sys.stdin.read()))
"""


def test_its_input_stays_open_until_the_answer_is_there() -> None:
    done = harness_program._run([sys.executable, "-c", DROPS], {}, "ask\n", "answered")
    assert (done.returncode, done.stdout) == (0, "answered\n''\n")
