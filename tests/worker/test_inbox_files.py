"""Inbox files that are not for this worker or for nobody: they wait, go, or are set aside, and stop nobody else."""

from __future__ import annotations

import pytest

from hivemind_skillopt.adapters.claude_code import ClaudeCode
from hivemind_skillopt.events import InboxItem
from hivemind_skillopt.model import DAY, SECOND
from hivemind_skillopt.state.inbox import Inbox
from tests.worker.lab import REF, Lab, outcomes


def test_an_odd_store_url_stops_nobody_else(lab: Lab) -> None:
    lab.event("SessionStart", {"HIVEMIND_SKILLOPT_STORE": "postgresql://team:pass@db:port/x"}, session="odd")
    lab.event("SessionStart")
    lab.work()
    assert [row.session_id for row in lab.store.attributions()] == ["s1"]
    assert len(lab.log("set_aside")) == 1


def test_files_that_nobody_takes_in_go_after_a_day(lab: Lab) -> None:
    lab.event("UserPromptSubmit", {"HIVEMIND_ORG_ID": "other"}, prompt="words of mine", prompt_id="p")
    lab.work()
    assert lab.left()[0] == 1
    lab.now += DAY + SECOND
    lab.work()
    assert (lab.left()[0], len(lab.log("forgotten"))) == (0, 1)


def test_one_waiting_file_of_another_store_is_no_busy_loop(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.event("SessionStart", {"HIVEMIND_ORG_ID": "other"})
    lab.event("PreToolUse", tool_name="Skill", tool_input={"skill": str(REF)}, tool_use_id="t1", prompt_id="p1")
    lab.react()
    looked: list[int] = []
    names = Inbox.names
    monkeypatch.setattr(Inbox, "names", lambda inbox: looked.append(1) or names(inbox))
    lab.work()
    assert outcomes(lab) == ["unclear"]
    assert len(looked) < 400


def test_a_behaviour_that_breaks_sets_the_file_aside(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(adapter: ClaudeCode, item: InboxItem) -> None:
        raise OverflowError

    lab.event("SessionStart")
    with monkeypatch.context() as patch:
        patch.setattr(ClaudeCode, "events", broken)
        lab.work()
    assert [entry["why"] for entry in lab.log("set_aside")] == ["OverflowError"]
    (kept,) = lab.paths.set_aside.iterdir()
    lab.now = kept.stat().st_ctime_ns + DAY + SECOND
    lab.work()
    assert list(lab.paths.set_aside.iterdir()) == []


def test_files_that_cannot_be_read_are_set_aside_with_a_reason(lab: Lab) -> None:
    inbox = lab.paths.inbox
    inbox.mkdir(parents=True, exist_ok=True)
    first, store = b"hivemind-skillopt inbox 1\n", f"HIVEMIND_SKILLOPT_STORE={lab.settings.store_url}\n".encode()
    head = first + b"harness=claude_code\nevent=PreToolUse\nHOME=%s\n" % str(lab.root / "home").encode() + store
    broken = {
        "empty": b"", "binary": bytes(range(256)), "no end": head, "payload": head + b"\n{", "harness": first + b"\n{}",
    }  # fmt: skip
    for number, data in enumerate(broken.values()):
        (inbox / f"{number:020d}-x").write_bytes(data)
    (inbox / ".tmp-half").write_bytes(b"half")
    (inbox / "foreign.txt").write_bytes(b"x")
    lab.use()
    lab.work()
    assert len(list(lab.paths.set_aside.iterdir())) == len(lab.log("set_aside")) == len(broken) + 1
    assert all(entry["why"] for entry in lab.log("set_aside"))
    assert len(lab.store.invocations()) == 1
    assert not list(inbox.iterdir())
