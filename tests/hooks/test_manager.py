"""Third parties: found by entry point, heard in order, and unable to stop the others."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from hivemind_skillopt.events import Origin, PreToolUse, SessionStart, UserPromptSubmit
from hivemind_skillopt.gate.candidate import Candidate, CheckFunction
from hivemind_skillopt.harness import HarnessAdapter
from hivemind_skillopt.hooks.manager import Hooks
from hivemind_skillopt.hooks.specs import PROJECT, hookimpl
from hivemind_skillopt.model import Check, Provenance, Result
from hivemind_skillopt.ports import Scorer
from hivemind_skillopt.scorers.scripted import ScriptedScorer
from hivemind_skillopt.settings import Mode, Settings, load_settings

ORIGIN = Origin("claude_code", "/h", "s", 1, 1, Mode.AUTO, 3)
EVENTS = (
    SessionStart(ORIGIN),
    PreToolUse(ORIGIN, "deploy--alice", Provenance.TOOL),
    UserPromptSubmit(ORIGIN, "r", "no", "no"),
)


class Listener:
    """A plugin that hears all events."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    @hookimpl
    def session_start(self, event: SessionStart) -> None:
        self.heard.append(event.source)

    @hookimpl
    def pre_tool_use(self, event: PreToolUse) -> None:
        self.heard.append(event.skill)

    @hookimpl
    def user_prompt_submit(self, event: UserPromptSubmit) -> None:
        self.heard.append(event.words)


class Failing:
    """A plugin that fails at everything."""

    @hookimpl
    def session_start(self, event: SessionStart) -> None:
        raise RuntimeError("mine")

    @hookimpl
    def scorers(self, settings: Settings) -> Sequence[Scorer]:
        raise RuntimeError("mine too")


class Offering:
    """A plugin that offers one of each."""

    @hookimpl
    def scorers(self, settings: Settings) -> Sequence[Scorer]:
        return (ScriptedScorer("x"),)

    @hookimpl
    def harness_adapters(self) -> Sequence[HarnessAdapter]:
        return ()

    @hookimpl
    def gate_checks(self) -> Sequence[CheckFunction]:
        return (no_shouting,)


def no_shouting(candidate: Candidate) -> Check:
    return Check("no_shouting", Result.HOLD if b"!" in candidate.after else Result.PASS, "Somebody shouts.")


class Failures(list[tuple[str, str]]):
    """What was reported."""

    def __call__(self, plugin: str, error: Exception) -> None:
        self.append((plugin, type(error).__name__))


def entry(name: str, plugin: object) -> EntryPoint:
    """An installed package's entry point."""
    module = types.ModuleType(f"third_party_{name}")
    module.plugin = plugin  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module
    return EntryPoint(name, f"{module.__name__}:plugin", PROJECT)


def test_every_event_reaches_every_plugin() -> None:
    built_in, third = Listener(), Listener()
    hooks = Hooks([built_in], Failures())
    hooks.load_third_parties([entry("ok", third)])
    for event in EVENTS:
        hooks.emit(event)
    assert built_in.heard == third.heard == ["startup", "deploy--alice", "no"]


def test_a_strangers_failure_is_reported_and_stops_nobody() -> None:
    listener, failures = Listener(), Failures()
    hooks = Hooks([listener], failures)
    hooks.load_third_parties([entry("bad", Failing()), entry("good", Offering())])
    hooks.emit(EVENTS[0])
    assert set(hooks.scorers(load_settings({"HOME": "/h"}))) == {"scripted"}
    assert listener.heard == ["startup"]
    assert failures == [("bad", "RuntimeError"), ("bad", "RuntimeError")]


def test_our_own_failure_is_raised() -> None:
    with pytest.raises(RuntimeError):
        Hooks([Failing()], Failures()).emit(EVENTS[0])


def test_a_plugin_that_cannot_be_loaded_is_reported() -> None:
    failures = Failures()
    hooks = Hooks([], failures)
    hooks.load_third_parties([EntryPoint("gone", "no_such_module_here", PROJECT)])
    assert failures == [("gone", "ModuleNotFoundError")]


def test_a_plugin_with_wrong_arguments_is_reported_and_left_out() -> None:
    class Wrong:
        @hookimpl
        def session_start(self, evnt: SessionStart) -> None: ...

    failures, listener = Failures(), Listener()
    hooks = Hooks([listener], failures)
    hooks.load_third_parties([entry("wrong", Wrong())])
    hooks.emit(EVENTS[0])
    assert failures == [("wrong", "PluginValidationError")]
    assert listener.heard == ["startup"]


@pytest.mark.parametrize("offer", [(object(),), 7, [None]])
def test_a_plugin_that_offers_nonsense_is_reported_and_left_out(offer: object) -> None:
    class Nonsense:
        @hookimpl
        def scorers(self, settings: Settings) -> object:
            return offer

    failures = Failures()
    hooks = Hooks([Offering()], failures)
    hooks.load_third_parties([entry("nonsense", Nonsense())])
    assert set(hooks.scorers(load_settings({"HOME": "/h"}))) == {"scripted"}
    assert [plugin for plugin, _ in failures] == ["nonsense"]


def test_a_wrapper_is_refused() -> None:
    class Wrapper:
        @hookimpl(wrapper=True)
        def session_start(self, event: SessionStart) -> Iterator[None]:
            yield

    failures = Failures()
    Hooks([], failures).load_third_parties([entry("wrapper", Wrapper())])
    assert failures == [("wrapper", "PluginValidationError")]


def test_offered_checks_run_after_the_built_in_ones() -> None:
    hooks = Hooks([], Failures())
    hooks.load_third_parties([entry("offer", Offering())])
    assert hooks.gate_checks() == (no_shouting,)
    assert hooks.adapters({}) == {}


def test_an_installed_entry_point_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real distribution on the path, found by its metadata."""
    info = tmp_path / "tiny-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[hivemind_skillopt]\ntiny = tiny_plugin\n")
    (tmp_path / "tiny_plugin.py").write_text(
        "from hivemind_skillopt.hooks.specs import hookimpl\nheard = []\n\n"
        "@hookimpl\ndef session_start(event):\n    heard.append(event.origin.session_id)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    failures = Failures()
    hooks = Hooks([], failures)
    hooks.load_third_parties()
    hooks.emit(EVENTS[0])
    assert failures == []
    assert sys.modules["tiny_plugin"].heard == ["s"]
