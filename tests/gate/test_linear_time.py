"""No text can keep the gate busy: each check is linear, whatever a model, an author or an attacker writes."""

from __future__ import annotations

import time

import pytest

from hivemind_skillopt.gate import refuse
from hivemind_skillopt.gate.candidate import Candidate, Evidence
from hivemind_skillopt.gate.decide import BUILT_IN_CHECKS, run_checks

BEFORE = b"---\nname: tidy--ann\ndescription: Keep things tidy.\n---\n\n# Tidy\n"
CHECKS = [check for check in BUILT_IN_CHECKS if check is not refuse.secret]  # tests/test_redaction.py times that one

CHARS = 12_000
VERBS = ["", "add ", "install ", "run ", "do not "]
"""What a pattern starts with; then a long run that almost fits, and an end that does not."""

HOSTILE = ["a", "a ", "é", "(", "((a", "[", "|", "|| ", "`", "` ", "`a` ", "'", "'aaaa", '"aaaa', "-", "--", "- ", "'-"]
HOSTILE += [
    " ",
    "\t",
    "\n",
    "\r\n",
    "- \n",
    "a\n",
    ">",
    "> ",
    "# ",
    "1) ",
    "*_",
    "~",
    "~/",
    "/",
    "../",
    "./a.sh ",
    "a.py",
]
HOSTILE += ["$", "$(", "$HOME", "a=1 ", "%41", "\\x41", "\\`", "```\n", "```x\n", "http://", "a@", "a@a.", "1.", "a."]
HOSTILE += ["[::", "C:\\", "<!--", "\u200b", "send to ", "send it to ", "delete ", "set a ", "without a ", "not ", "x-"]
HOSTILE += [
    "install ",
    "install -",
    "pip ",
    "npm -x ",
    "npx ",
    "use the ",
    "bash ",
    "password ",
    "A_",
    "A_KEY",
    "eval",
    "a.py",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_body_cannot_keep_the_gate_busy(piece: str) -> None:
    start = time.process_time()
    for verb in VERBS:
        body = f"{verb}{piece * (CHARS // len(piece))}b x\n"
        evidence = Evidence((body[:900], f"look:\n{body}"), (), (body,)) if verb == "add " else None
        run_checks(Candidate(BEFORE, BEFORE + body.encode(), evidence=evidence), CHECKS)
    assert time.process_time() - start < 20  # measured: under 1 s


@pytest.mark.parametrize("piece", ["-", " ", "a=1 ", "a\n"])
def test_long_texts_take_seconds(piece: str) -> None:
    body = f"add {piece * (300_000 // len(piece))}b x\n"
    start = time.process_time()
    run_checks(Candidate(BEFORE, BEFORE + body.encode(), evidence=Evidence((body[:900],), (), (body,))), CHECKS)
    assert time.process_time() - start < 60  # measured: 3 s
