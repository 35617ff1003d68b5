"""What strangers wrote is text: no markup, no terminal control, no traceback."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from hivemind_skillopt.cli.output import say_indented
from tests.cli.conftest import SKILL, Cli

ODD = [r"x \[/foo] y", "[bold]loud[/]", r"\[link=https://x.io]y", "\u200b red", "[/]"]


@pytest.mark.parametrize("text", ODD)
def test_a_description_is_shown_as_it_is(cli: Cli, text: str) -> None:
    cli.run("push", cli.skill(text=SKILL.replace("Deploy the service.", f"'{text}'")))
    shown = " ".join(cli.run("list").stdout.split())
    assert text.replace("\u200b", r"\x200b") in shown
    assert "\u200b" not in shown + cli.run("list", "--json").stdout
    assert cli.json("list")[0]["description"] == text


@pytest.mark.parametrize("words", ["a", "a bb ccc " * 20, "a " * 38 + "bb", "x" * 200, "two\n\nlines of [bold]it"])
def test_a_paragraph_has_no_blanks_at_its_lines_ends(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    say_indented(words)
    lines = capsys.readouterr().out.splitlines()
    assert all(line == line.rstrip() and len(line) <= 80 for line in lines)
    assert all(line.startswith("    ") for line in lines if line)
    assert "".join("".join(lines).split()) == "".join(words.split())


def test_an_error_cannot_steer_the_terminal(cli: Cli) -> None:
    cli.environ["HIVEMIND_SKILLOPT_MODE"] = "x\x1b[31mred"
    line = cli.fails("status")
    assert "\x1b" not in line
    assert r"\x1b[31mred" in line


@pytest.mark.parametrize(
    "line", ["[" * 200_000, '{"at":99999999999999999999999,"what":"boom"}', '{"at":-5}', "\0", "[]"]
)
def test_an_odd_line_of_the_log_stops_nobody(cli: Cli, line: str) -> None:
    cli.run("install", "--yes")
    log = cli.home / ".local" / "state" / "hivemind-skillopt" / "log.jsonl"
    log.write_text(f"{line}\n{log.read_text()}")
    assert "installed" in cli.run("log").stdout


@pytest.mark.parametrize("verb", [("install",), ("uninstall", "--purge"), ("doctor",)])
def test_closed_streams_are_nobody_at_a_terminal(cli: Cli, verb: tuple[str, ...]) -> None:
    argv = [sys.executable, "-m", "hivemind_skillopt", *verb]
    shell = f"{shlex.join(argv)} <&-"
    env = {"HOME": str(cli.home), "PATH": os.environ["PATH"]}
    done = subprocess.run(["/bin/sh", "-c", shell], env=env, cwd=cli.home, capture_output=True, text=True, timeout=60)
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 1)


def test_a_full_device_is_one_line(cli: Cli) -> None:
    argv = [sys.executable, "-m", "hivemind_skillopt", "status"]
    env = {"HOME": str(cli.home), "PATH": os.environ["PATH"]}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(argv, env=env, cwd=cli.home, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.stderr == "Error: No space left on device\n"
