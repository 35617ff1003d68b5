"""Every output in the user guide is what the command prints."""

from __future__ import annotations

import re
from pathlib import Path

import hivemind_skillopt.cli.main as cli
from tests.docs.guide import GUIDE, Machine, render, without_changing_parts


def test_the_guide_shows_real_output(tmp_path: Path) -> None:
    machine = Machine(tmp_path.resolve())
    machine.prepare()
    text = GUIDE.read_text()
    shown = without_changing_parts(render(text, machine)).splitlines()
    assert shown == without_changing_parts(text).splitlines(), "python -m tests.docs.guide writes today's output"


ONE_LINE = re.compile(r"\$ |Error: |SessionStart:|\d{4}-\d\d-\d\dT\S+  \w+  |[a-z_]+ = ")
"""Commands, errors, what a session start tells, entries of a stream, lines of a file: each one line, however long."""


def test_the_guide_fits_a_terminal_and_names_every_verb() -> None:
    text = GUIDE.read_text()
    output = [line for block in text.split("```")[1::2] for line in block.splitlines()]
    assert [line for line in output if len(line) > 80 and not ONE_LINE.match(line)] == []
    assert [verb for verb in cli.VERBS if f"hivemind-skillopt {verb}" not in text] == []
