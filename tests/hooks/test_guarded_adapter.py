"""A third party's adapter that is broken: found out when it is offered, or named when it fails."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hivemind_skillopt.adapters.claude_code import ClaudeCode
from hivemind_skillopt.errors import AdapterFailed, HarnessError
from hivemind_skillopt.harness import AsksForTrust, HarnessAdapter
from hivemind_skillopt.hooks.guarded_adapter import ANSWERS, TRUST, guarded
from hivemind_skillopt.hooks.manager import Hooks
from hivemind_skillopt.hooks.specs import hookimpl
from tests.hooks.test_manager import Failures, entry

ENVIRON = {"HOME": "/home/dev"}
FILE, LAUNCHER = Path("/home/dev/.acme/settings.json"), Path("/state/launcher")


class Acme(ClaudeCode):
    """A sound one."""

    name = "acme"


def broken(**members: Any) -> HarnessAdapter:
    """The same with other members."""
    return type("Broken", (Acme,), members)()


def raising(*_: object) -> object:
    raise KeyError("what somebody typed")


def answering(answer: object) -> Any:
    return lambda *_: answer


def test_every_method_of_the_protocol_is_guarded() -> None:
    methods = {name for name, member in vars(HarnessAdapter).items() if callable(member) and name[0] != "_"}
    assert set(ANSWERS) == methods


def test_a_sound_one_is_what_it_was() -> None:
    adapter = guarded(Acme(), "acme_plugin", ENVIRON)
    assert (adapter.name, adapter.routes, adapter.home(ENVIRON)) == ("acme", ("settings",), Path("/home/dev/.claude"))
    text = adapter.with_hooks(FILE, None, LAUNCHER)
    assert adapter.without_hooks(FILE, text, LAUNCHER, None) is None


@pytest.mark.parametrize(
    "member",
    [
        {"name": "Acme; rm"}, {"name": 7}, {"home_variable": "A B"}, {"home_variable": None}, {"routes": ()},
        {"routes": "settings"}, {"title": ""}, {"cli": None}, {"untrusted": ""}, {"home": raising},
        {"home": answering("/home")}, {"skill_root": raising}, {"hook_files": answering(())},
        {"hook_files": answering(("settings.json",))}, {"cli": answering(object())}, {"cli": raising},
        {"cli": answering(SimpleNamespace(name="acme", program="acme"))},
    ],
    ids=lambda member: next(iter(member)),
)  # fmt: skip
def test_what_all_commands_ask_must_be_answered(member: dict[str, Any]) -> None:
    with pytest.raises(AdapterFailed, match=next(iter(member))):
        guarded(broken(**member), "acme_plugin", ENVIRON)


def test_a_member_that_is_missing_is_named() -> None:
    with pytest.raises(AdapterFailed, match=r"Nothing lacks a sound name, .*home_variable, routes, home, .*, cli"):
        guarded(type("Nothing", (), {})(), "acme_plugin", ENVIRON)


@pytest.mark.parametrize("answer", [raising, answering(None), answering(b"{}")])
def test_what_fails_later_is_named_without_the_errors_text(answer: Any) -> None:
    """None for the new text would remove the user's file."""
    adapter = guarded(broken(with_hooks=answer), "acme_plugin", ENVIRON)
    with pytest.raises(AdapterFailed) as failed:
        adapter.with_hooks(FILE, "{}", LAUNCHER)
    assert "'acme' of the plugin 'acme_plugin' failed in with_hooks" in str(failed.value)
    assert "typed" not in str(failed.value)


def test_one_that_asks_for_trust_still_does_and_is_guarded_there_too() -> None:
    asking = {"how_to_trust": "say yes", "to_trust": raising, "trust_hooks": answering(None)}
    adapter = guarded(broken(**asking), "acme_plugin", ENVIRON)
    assert isinstance(adapter, AsksForTrust)
    assert not isinstance(guarded(Acme(), "acme_plugin", ENVIRON), AsksForTrust)
    assert adapter.how_to_trust == "say yes"
    with pytest.raises(AdapterFailed, match="to_trust"):
        adapter.to_trust(FILE, LAUNCHER, answering(None))
    assert set(TRUST) == {"to_trust", "trust_hooks"}


def test_what_the_protocol_lets_it_raise_comes_through() -> None:
    with pytest.raises(HarnessError, match=r"settings\.json") as refused:
        guarded(Acme(), "acme_plugin", ENVIRON).with_hooks(FILE, "[", LAUNCHER)
    assert not isinstance(refused.value, AdapterFailed)


def test_a_broken_one_does_not_take_its_plugins_others_with_it() -> None:
    class Offering:
        @hookimpl
        def harness_adapters(self) -> object:
            return (broken(home=raising), Acme(), object())

    failures = Failures()
    hooks = Hooks([], failures)
    hooks.load_third_parties([entry("acme_plugin", Offering())])
    assert list(hooks.adapters(ENVIRON)) == ["acme"]
    assert failures == [("acme_plugin", "AdapterFailed")] * 2
