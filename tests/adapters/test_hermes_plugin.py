"""The plugin as Hermes loads it: what it writes, when it is off, and that nothing can come out of it."""

from __future__ import annotations

import json
import os
import runpy
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from hivemind_skillopt import launch
from hivemind_skillopt.adapters.hermes import Hermes
from hivemind_skillopt.adapters.hermes.install import hook_files, with_hooks
from hivemind_skillopt.cli.harness_file import write_launcher
from hivemind_skillopt.events import InboxItem, PreToolUse, SessionStart, UserPromptSubmit
from hivemind_skillopt.state.inbox import Inbox
from hivemind_skillopt.state.markers import marker_name
from tests.harness.world import wait_until

PAYLOADS = Path(__file__).parent.parent / "payloads" / "hermes"
SESSION = "20261121_020737_0529e7"
Hooks = dict[str, Callable[..., object]]


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("HIVEMIND_", "HERMES_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """An installation with one pulled skill."""
    folder = tmp_path / "it's state"
    (folder / "sessions").mkdir(parents=True)
    (folder / "org-skills").write_text("deploy--alice\n")
    write_launcher(folder / "launcher", ["HERMES_HOME"])
    return folder


@pytest.fixture
def started() -> list[str]:
    """The workers that were asked for, instead of starting them."""
    return []


def load(state: Path, started: list[str] | None = None) -> Hooks:
    """What Hermes does: import the installed module, call register()."""
    file = state.parent / ".hermes" / "plugins" / "hivemind-skillopt" / "__init__.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(with_hooks(file, None, state / "launcher"))
    module = runpy.run_path(str(file))
    if started is not None:
        module["Bridge"]._start_worker = lambda _self, folder: started.append(folder)
    hooks: Hooks = {}
    assert module["register"](SimpleNamespace(register_hook=hooks.__setitem__)) is None
    return hooks


def recorded(state: Path) -> list[InboxItem]:
    inbox = Inbox(state / "inbox", state / "set-aside")
    return [item for _, item in inbox.items(inbox.names()) if isinstance(item, InboxItem)]


def play(hooks: Hooks, name: str) -> None:
    """A whole recorded turn, every hook that it called."""
    for told in json.loads((PAYLOADS / name).read_text()):
        if told["hook"] in hooks:
            assert hooks[told["hook"]](**told["kwargs"]) is None


def prompt(hooks: Hooks, text: str, **more: object) -> None:
    told = {"session_id": SESSION, "turn_id": "t", "platform": "cli", "user_message": text, **more}
    assert hooks["pre_llm_call"](**told) is None


def use(hooks: Hooks, session: str = SESSION, call: str = "call_1", **more: object) -> None:
    result = json.dumps({"success": True, "name": "deploy--alice", "skill_dir": "/x/deploy--alice", "content": "text"})
    told = {"tool_name": "skill_view", "args": {"name": "deploy--alice"}, "status": "ok", "tool_call_id": call}
    assert hooks["post_tool_call"](**{**told, "session_id": session, "result": result, **more}) is None


def test_two_recorded_turns_become_three_events(state: Path, started: list[str]) -> None:
    hooks = load(state, started)
    play(hooks, "plugin_turn1_all_events.json")
    play(hooks, "plugin_turn2_resume_all_events.json")
    items = recorded(state)
    assert [item.event for item in items] == ["SessionStart", "UserPromptMention", "PreToolUse", "UserPromptMention"]
    events = [seen.event for item in items for seen in Hermes().events(item)]
    assert [type(event) for event in events] == [SessionStart, UserPromptSubmit, PreToolUse, UserPromptSubmit]
    assert isinstance(events[2], PreToolUse)
    assert (events[2].skill, events[2].tool_use_id) == ("deploy--alice", "call_skillview_1")
    assert {event.origin.session_id for event in events} == {SESSION}
    assert len(started) == 3


def test_neither_the_history_nor_the_skills_text_is_written_down(state: Path, started: list[str]) -> None:
    hooks = load(state, started)
    play(hooks, "plugin_turn1_all_events.json")
    play(hooks, "plugin_turn2_resume_all_events.json")
    for item in recorded(state):
        assert b"Run `make deploy`" not in item.payload
        assert b"Done after 1 tool result" not in item.payload


def test_a_prompt_without_a_window_writes_nothing(state: Path, started: list[str]) -> None:
    hooks = load(state, started)
    prompt(hooks, "no, that is wrong")
    assert (recorded(state), started) == ([], [])


def test_a_profiles_home_is_carried(state: Path, started: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HERMES_HOME", "/home/dev/.hermes/profiles/work")
    hooks = load(state, started)
    use(hooks)
    (item,) = recorded(state)
    assert Hermes().home(item.carried) == Path("/home/dev/.hermes/profiles/work")


@pytest.mark.parametrize("change", [
    {"tool_name": "skills_list"},
    {"tool_name": "skill_manage"},
    {"status": "error"},
    {"session_id": ""},
    {"result": "no json"},
    {"result": None},
])  # fmt: skip
def test_calls_that_load_no_skill(state: Path, started: list[str], change: dict[str, Any]) -> None:
    hooks = load(state, started)
    use(hooks, **change)
    assert recorded(state) == []


def test_the_review_of_the_session_is_nobodys(state: Path, started: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Recorded: it has the user's session id, and only the process knows that it is not the user."""
    hooks = load(state, started)
    use(hooks)
    provenance = ModuleType("tools.skill_provenance")
    provenance.get_current_write_origin = lambda: "background_review"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tools.skill_provenance", provenance)
    told = json.loads((PAYLOADS / "plugin_pre_llm_call_SYNTHETIC_background_review.json").read_text())
    prompt(hooks, told["kwargs"]["user_message"])
    use(hooks, call="call_2")
    assert len(recorded(state)) == 1


def test_a_sub_agents_use_is_the_parents_and_its_prompt_nobodys(state: Path, started: list[str]) -> None:
    hooks = load(state, started)
    hooks["subagent_start"](parent_session_id=SESSION, child_session_id="child")
    hooks["on_session_start"](session_id="child", platform="subagent")
    prompt(hooks, "summarize deploy--alice", session_id="child", platform="subagent")
    use(hooks, session="child")
    (item,) = recorded(state)
    (seen,) = Hermes().events(item)
    assert isinstance(seen.event, PreToolUse)
    assert (seen.event.origin.session_id, seen.event.agent_id) == (SESSION, "child")
    assert os.listdir(state / "sessions") == [f"hermes-{SESSION}"]


@pytest.mark.parametrize("parents", [
    {"child": "b", "b": "child"},
    {"child": "child"},
    {"child": ""},
    {"child": None},
    {"child": ["x"]},
])  # fmt: skip
def test_parents_without_sense_end_nowhere(state: Path, started: list[str], parents: dict[str, object]) -> None:
    hooks = load(state, started)
    for child, parent in parents.items():
        hooks["subagent_start"](child_session_id=child, parent_session_id=parent)
    use(hooks, session="child")
    (item,) = recorded(state)
    (seen,) = Hermes().events(item)
    assert seen.event.origin.session_id in parents


@pytest.mark.parametrize("session", ['a"b', "a\\b", "a\tb", "\u00fc-1", "x" * 150])
def test_the_marker_is_the_one_that_the_worker_removes(state: Path, started: list[str], session: str) -> None:
    hooks = load(state, started)
    use(hooks, session=session)
    assert os.listdir(state / "sessions") == [marker_name("hermes", session)]


def test_a_folder_that_is_named_like_a_skill_is_no_use(
    state: Path, started: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "deploy--alice").mkdir()
    monkeypatch.chdir(tmp_path / "deploy--alice")
    hooks = load(state, started)
    prompt(hooks, "what is in here?")
    use(hooks, tool_name="terminal", args={"command": "ls"})
    assert recorded(state) == []
    use(hooks, tool_name="terminal", args={"command": f"cat {tmp_path}/deploy--alice/SKILL.md"})
    assert len(recorded(state)) == 1


def test_retry_is_told_from_the_same_words_typed_again(state: Path, started: list[str]) -> None:
    """It takes the last turn out of the history first (seen)."""
    hooks = load(state, started)
    use(hooks)
    for number, (text, length) in enumerate([("no", 3), ("no", 3), ("no", 5), ("why?", 7), ("no", 7), ("no", None)]):
        prompt(hooks, text, turn_id=f"t{number}", conversation_history=length and [{}] * length)
    events = [seen.event for item in recorded(state)[1:] for seen in Hermes().events(item)]
    said = [(event.text, event.prompt_id) for event in events if isinstance(event, UserPromptSubmit)]
    assert said == [("no", "t0"), ("no", "t2"), ("why?", "t3"), ("no", "t4"), ("no", "t5")]
    assert len({event.reaction_id for event in events if isinstance(event, UserPromptSubmit)}) == len(said)


OFF = {
    "worker": {"HIVEMIND_SKILLOPT_WORKER": "1"},
    "disabled": {"HIVEMIND_SKILLOPT_DISABLED": "1"},
    "mode": {"HIVEMIND_SKILLOPT_MODE": "off"},
}


@pytest.mark.parametrize("why", [*OFF, "paused", "launcher gone"])
def test_off_is_off(state: Path, started: list[str], why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked anew at each event: a session may run for days."""
    hooks = load(state, started)
    for name, value in OFF.get(why, {}).items():
        monkeypatch.setenv(name, value)
    if why == "paused":
        (state / "disabled").touch()
    if why == "launcher gone":
        (state / "launcher").unlink()
    use(hooks)
    prompt(hooks, "deploy--alice")
    assert (recorded(state), started) == ([], [])


def test_without_an_interpreter_for_the_worker_nothing_is_recorded(state: Path, tmp_path: Path) -> None:
    """The package's environment is gone, and the session goes on: nobody would read it, nobody would remove it."""
    python = tmp_path / "python"
    python.symlink_to(sys.executable)
    launcher = state / "launcher"
    launcher.write_text(launcher.read_text().replace(sys.executable, str(python)))
    started: list[str] = []
    hooks = load(state, started)
    use(hooks)
    assert len(recorded(state)) == 1
    python.unlink()
    use(hooks, call="call_2")
    prompt(hooks, "no, that is wrong")
    assert (len(recorded(state)), started) == (1, [])


@pytest.mark.parametrize("launcher", [None, "", "#!/bin/sh\nexit 0\n", "exec /gone/python -I -S -c x /gone a b"])
def test_without_the_package_it_is_silent(state: Path, launcher: str | None, capfd: pytest.CaptureFixture[str]) -> None:
    (state / "launcher").unlink() if launcher is None else (state / "launcher").write_text(launcher)
    assert load(state) == {}
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("error", [SystemExit(0), KeyboardInterrupt(), RuntimeError("x"), MemoryError()])
def test_whatever_fails_the_turn_goes_on(state: Path, started: list[str], error: BaseException) -> None:
    """SystemExit would end the run (contract 5)."""

    class Broken:
        def __str__(self) -> str:
            raise error

    hooks = load(state, started)
    for hook in ("on_session_start", "post_tool_call", "pre_llm_call"):
        assert hooks[hook](session_id=Broken(), tool_name="terminal", status="ok", user_message="no") is None
    assert recorded(state) == []


def test_a_prompt_beyond_the_recorders_limit_is_left(state: Path, started: list[str]) -> None:
    hooks = load(state, started)
    use(hooks)
    prompt(hooks, "no " * (1 << 19))
    assert len(recorded(state)) == 1


def test_of_a_long_prompt_the_beginning_is_searched(state: Path, started: list[str]) -> None:
    hooks = load(state, started)
    prompt(hooks, "deploy--alice " + "x" * 300_000)
    assert len(recorded(state)) == 1
    prompt(hooks, "x" * 300_000 + " deploy--alice", session_id="other")
    assert len(recorded(state)) == 1


def test_a_failing_register_is_silent(state: Path) -> None:
    file = state.parent / "__init__.py"
    file.write_text(with_hooks(file, None, state / "launcher"))

    def fail(*_: object) -> None:
        raise SystemExit(3)

    assert runpy.run_path(str(file))["register"](SimpleNamespace(register_hook=fail)) is None


def test_what_cannot_be_written_is_logged_by_type_alone(state: Path, started: list[str]) -> None:
    hooks = load(state, started)
    (state / "inbox").write_text("a file where the folder should be")
    use(hooks)
    (line,) = (state / "log.jsonl").read_text().splitlines()
    assert json.loads(line)["what"] == "hook_failed"


def test_parallel_tools_lose_nothing(state: Path, started: list[str]) -> None:
    hooks = load(state, started)
    calls = [threading.Thread(target=use, args=(hooks, SESSION, f"call_{n}")) for n in range(40)]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    assert len({seen.id for item in recorded(state) for seen in Hermes().events(item)}) == 40


def test_a_worker_is_started_by_our_interpreter_and_waited_for(state: Path, tmp_path: Path) -> None:
    """Hermes' own interpreter has none of our dependencies; and it waits for nobody's child: only the last may stay."""
    python, told = tmp_path / "python", tmp_path / "told"
    python.write_text(f"#!/bin/sh\necho \"$HIVEMIND_SKILLOPT_WORKER $@\" >> '{told}'\n")
    python.chmod(0o755)
    launcher = state / "launcher"
    launcher.write_text(launcher.read_text().replace(sys.executable, str(python)))
    hooks, before = load(state), zombies()
    for session in ("a", "b", "c"):
        hooks["on_session_start"](session_id=session, platform="cli")
        wait_until(lambda: len(zombies() - before) == 1, "the end of the one child")
    assert told.read_text().splitlines() == [f"hook -I {launch.WORKER_MAIN} {launch.GUARD_ARGUMENT} {state}"] * 3


def zombies() -> set[str]:
    """Children of this process that have ended and were not waited for."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # gone by now
            state, parent, *_ = (process / "stat").read_text().rpartition(")")[2].split()
            found |= {process.name} if (state, parent) == ("Z", str(os.getpid())) else set()
    return found


def test_the_installed_text_is_the_same_after_an_upgrade(tmp_path: Path) -> None:
    """It names the launcher alone: what that runs may change."""
    _, module, _ = hook_files(tmp_path)
    text = with_hooks(module, None, tmp_path / "launcher")
    assert with_hooks(module, text, tmp_path / "launcher") == text
    assert sys.executable not in text
