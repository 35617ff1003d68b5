"""A harness that nothing in this program knows: its adapter is another package's, and the whole loop runs in it."""

from __future__ import annotations

import json

import pytest

from hivemind_skillopt.store.engine import open_store
from hivemind_skillopt.store.sql import SqlStore
from tests.harness.world import NEW_LINE, PUSHBACK, QUOTE
from tests.harness_package.machine import FOREIGN, Machine


def store_of(machine: Machine) -> SqlStore:
    return open_store(f"sqlite:///{machine.home}/.local/share/hivemind-skillopt/store.db", "local")


def names_in(machine: Machine, folder: str) -> list[str]:
    return sorted(path.name for path in (machine.tiny_home / folder).iterdir())


def test_used_pushed_back_judged_published_and_on_disk(machine: Machine) -> None:
    machine.set_up("tinyharness")
    session = machine.prompt("please deploy the service")
    assert machine.prompt("--resume", session, PUSHBACK) == session
    machine.work()
    assert [version["version"] for version in machine.json("history", "deploy--alice")] == [1, 2]
    assert NEW_LINE in (machine.tiny_home / "skills" / "deploy--alice" / "SKILL.md").read_text()
    store = store_of(machine)
    (attributed,) = store.attributions()
    assert (attributed.harness, attributed.session_id) == ("tinyharness", session)
    assert [skill.version for skill in attributed.skills] == [1]
    (invocation,) = store.invocations()
    assert (invocation.harness, invocation.version, invocation.version_source) == ("tinyharness", 1, "transcript")
    (verdict,) = store.verdicts()
    assert (verdict.outcome, verdict.quote, verdict.usage.scorer) == ("skill_fault", QUOTE, "tinyharness")
    (proposal,) = store.proposals()
    assert (proposal.status, proposal.published_version) == ("published", 2)
    status = machine.json("status")
    assert [status[what] for what in ("inbox", "set_aside", "jobs", "outbox", "windows_open", "elsewhere")] == [
        0, 0, 0, 0, 0, [],
    ]  # fmt: skip


def test_its_own_program_as_the_scorer_leaves_no_trace(machine: Machine) -> None:
    """It fires hooks in headless mode as well: the guard keeps them silent."""
    machine.set_up("tinyharness")
    session = machine.prompt("please deploy the service")
    machine.prompt("--resume", session, PUSHBACK)
    machine.work()
    assert len(machine.log("verdict")) == len(machine.log("published")) == 1
    assert names_in(machine, "sessions") == [f"{session}.jsonl"]
    assert {entry["session"] for entry in machine.log("attributed")} == {session}


def test_nothing_lies_where_its_home_would_be_without_its_variable(machine: Machine) -> None:
    """The variable is a third party's: the launcher and the recorder carry it, else the worker would not take it in."""
    machine.set_up("tinyharness")
    machine.prompt("please deploy the service")
    machine.work()
    assert len(machine.log("window_opened")) == 1
    assert not (machine.home / ".tinyharness").exists()


def test_a_prompt_that_nobody_typed_is_no_reaction(machine: Machine) -> None:
    machine.set_up("tinyharness")
    session = machine.prompt("please deploy the service")
    machine.prompt("--resume", session, "--timer", PUSHBACK)
    machine.work()
    assert (store_of(machine).verdicts(), machine.json("status")["windows_open"]) == ([], 1)


def test_doctor_finds_it_sound_then_switched_off(machine: Machine) -> None:
    machine.set_up("tinyharness")
    machine.answer(doctor={"text": {"ok": True}})
    found = {(one["check"], one["level"]) for one in machine.json("doctor", "--scorer")["checks"]}
    assert {("Tiny Harness", "ok"), ("tinyharness", "ok"), ("scorer", "ok")} <= found
    assert {level for _, level in found} == {"ok"}
    text = machine.hooks_file.read_text()
    machine.hooks_file.write_text(text.replace('"colour": "blue"', '"enabled": false'))
    failed = [one["message"] for one in machine.json("doctor", code=1)["checks"] if one["level"] == "fail"]
    assert failed == ["no hook runs: enabled is false in " + str(machine.hooks_file) + "; remove that"]


@pytest.mark.parametrize("text", [FOREIGN, "{}", '{"hooks": []}\n', '\ufeff{"hooks": [\n]}', None])
def test_uninstall_leaves_every_byte_as_it_was(machine: Machine, text: str | None) -> None:
    if text is None:
        machine.hooks_file.unlink()
    else:
        machine.hooks_file.write_bytes(text.encode())
    machine.set_up("tinyharness")
    assert len(json.loads(machine.hooks_file.read_text("utf-8-sig"))["hooks"]) >= 3
    machine.run("install", "--harness", "tinyharness", "--yes")
    machine.run("uninstall")
    assert (machine.hooks_file.read_bytes().decode() if machine.hooks_file.exists() else None) == text


def test_uninstall_beside_what_was_added_since(machine: Machine) -> None:
    machine.set_up("tinyharness")
    changed = machine.hooks_file.read_bytes().replace(b"blue", b"green")
    machine.hooks_file.write_bytes(changed)
    machine.run("uninstall")
    assert machine.hooks_file.read_bytes() == FOREIGN.replace("blue", "green").encode()


def test_without_the_package_nothing_knows_it(machine: Machine) -> None:
    machine.python = Machine.python
    assert "no adapter for the harness 'tinyharness'" in machine.fails("install", "--harness", "tinyharness", "--yes")
