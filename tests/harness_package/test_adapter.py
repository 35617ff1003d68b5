"""The adapter alone: recorded payloads, what its program says when it fails, and that the payloads are still true."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hivemind_skillopt.errors import HarnessError, PayloadUnreadable, ScorerFailed
from hivemind_skillopt.events import Event, InboxItem, PreToolUse, SessionStart, UserPromptSubmit
from hivemind_skillopt.harness import Completed
from tests.adapters.events import one_event
from tests.harness_package.machine import PACKAGE, PROGRAM, Machine
from tests.harness_package.tinyharness import TinyCli, TinyHarness

PAYLOADS = PACKAGE / "payloads"

ARMS = {"skill.json": "deploy--alice"}
STARTS = {"start.json": "startup", "start.resume.json": "resume"}
REACTS = {"prompt.json": "please deploy the service", "prompt.reaction.json": "no, always ask first"}
NEITHER = {"prompt.timer.json"}


def read(name: str) -> Event | None:
    item = InboxItem("1-a", 5, "tinyharness", "", 3, {"HOME": "/home/dev"}, (PAYLOADS / name).read_bytes())
    seen = one_event(TinyHarness(), item)
    return seen.event if seen else None


def test_every_payload_is_in_a_table() -> None:
    assert {path.name for path in PAYLOADS.iterdir()} == {*ARMS, *STARTS, *REACTS, *NEITHER}


@pytest.mark.parametrize("name", ARMS)
def test_what_arms(name: str) -> None:
    event = read(name)
    assert isinstance(event, PreToolUse)
    assert (event.skill, event.provenance, event.origin.home) == (ARMS[name], "tool", "/home/dev/.tinyharness")
    assert event.tool_use_id
    assert event.prompt_id


@pytest.mark.parametrize("name", STARTS)
def test_what_starts(name: str) -> None:
    event = read(name)
    assert isinstance(event, SessionStart)
    assert event.source == STARTS[name]


@pytest.mark.parametrize("name", REACTS)
def test_what_reacts(name: str) -> None:
    event = read(name)
    assert isinstance(event, UserPromptSubmit)
    assert event.words == REACTS[name]


@pytest.mark.parametrize("name", NEITHER)
def test_what_does_neither(name: str) -> None:
    assert read(name) is None


@pytest.mark.parametrize("payload", [b"", b"[]", b"\xff", b'{"event": "start"}'])
def test_what_cannot_be_read(payload: bytes) -> None:
    with pytest.raises(PayloadUnreadable):
        TinyHarness().events(InboxItem("1-a", 5, "tinyharness", "", 3, {"HOME": "/h"}, payload))


def test_the_program_still_says_what_was_recorded(tmp_path: Path) -> None:
    """The same fields for each event; a new version that says others is found here."""
    machine, spied = Machine(tmp_path / "home"), tmp_path / "spied.jsonl"
    hooks = [{"on": on, "run": f"cat >> {spied}"} for on in ("start", "skill", "prompt")]
    machine.hooks_file.write_text(json.dumps({"hooks": hooks}))
    skill = machine.tiny_home / "skills" / "deploy--alice" / "SKILL.md"
    skill.parent.mkdir(parents=True)
    skill.write_text("---\nname: deploy--alice\n---\nDeploy.\n")
    machine.prompt("please deploy the service")
    said = {payload["event"]: set(payload) for payload in map(json.loads, spied.read_text().splitlines())}
    recorded = {name: set(json.loads((PAYLOADS / f"{name}.json").read_text())) for name in ("start", "skill", "prompt")}
    assert said == recorded


@pytest.mark.parametrize("text", ["[]", "{", '{"hooks": {}}'])
def test_a_file_of_another_shape_is_left_alone(text: str) -> None:
    with pytest.raises(HarnessError):
        TinyHarness().with_hooks(Path("hooks.json"), text, Path("/state/launcher"))


FAILS = [
    {"fails": "401 log in"}, {"fails": "429 later"}, {"fails": "500"}, {"raw": ""}, {"raw": "no JSON", "code": 1},
    {"raw": '{"ok": true, "text": "{\\"outcome'}, {"raw": '{"ok": true, "text": " "}'},
    {"raw": '{"ok": true, "text": "{}"}', "code": 1},
]  # fmt: skip


@pytest.mark.parametrize("rule", FAILS)
def test_no_failure_of_its_program_is_an_answer(tmp_path: Path, rule: dict[str, object]) -> None:
    with pytest.raises(ScorerFailed):
        TinyCli().answer(asked(tmp_path, rule))


def test_an_answer_of_its_program(tmp_path: Path) -> None:
    answer = TinyCli().answer(asked(tmp_path, {"text": {"outcome": "ok"}}))
    assert json.loads(answer.text) == {"outcome": "ok"}
    assert (answer.usage.calls, answer.usage.input_tokens, answer.usage.output_tokens) == (1, 1, 9)


def asked(home: Path, rule: dict[str, object]) -> Completed:
    """One run of the program."""
    (home / "answers.json").write_text(json.dumps({"judge": rule}))
    argv = [sys.executable, "-I", str(PROGRAM), "-p", "--no-session", "--system", "judge"]
    env = {"TINYHARNESS_HOME": str(home)}
    done = subprocess.run(argv, input="Was it?", env=env, capture_output=True, text=True, timeout=60, check=False)
    return Completed(done.returncode, done.stdout, done.stderr)
