"""The plugin manager: built-in behaviours and third parties are registered the same way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, TypeVar

import pluggy

from hivemind_skillopt.errors import AdapterFailed
from hivemind_skillopt.events import Event, PreToolUse, SessionStart, UserPromptSubmit
from hivemind_skillopt.harness import HarnessAdapter
from hivemind_skillopt.hooks import specs
from hivemind_skillopt.ports import Scorer
from hivemind_skillopt.settings import Settings

if TYPE_CHECKING:
    from hivemind_skillopt.gate.candidate import CheckFunction  # and with it the readers of Markdown

Result = TypeVar("Result")
OnFailure = Callable[[str, Exception], None]
"""Told the plugin's name and what it raised."""

EVENT_HOOKS = {
    SessionStart: "session_start",
    PreToolUse: "pre_tool_use",
    UserPromptSubmit: "user_prompt_submit",
}


class Hooks:
    """The registered plugins, and the one way to call them: a failing third party never stops the others."""

    def __init__(self, built_in: Sequence[object], on_failure: OnFailure) -> None:
        self._manager = pluggy.PluginManager(specs.PROJECT)
        self._manager.add_hookspecs(specs)
        self._built_in = tuple(built_in)
        self._on_failure = on_failure
        for plugin in built_in:
            self._manager.register(plugin)

    def load_third_parties(self, found: Sequence[EntryPoint] | None = None) -> None:
        """Register every entry point of the group; one that cannot be loaded is reported and left out."""
        for entry in entry_points(group=specs.PROJECT) if found is None else found:
            try:
                plugin = entry.load()
                self._manager.register(plugin, name=entry.name)
                self._manager.check_pending()
                self._refuse_wrappers(plugin)
            except Exception as error:  # noqa: BLE001  a stranger's code may raise anything
                self._manager.unregister(name=entry.name)
                self._on_failure(entry.name, error)

    def emit(self, event: Event) -> None:
        """Call the event's hook, built-ins first. A built-in's failure is ours and is raised."""
        self._call(EVENT_HOOKS[type(event)], lambda _answer, _impl: None, event=event)

    def adapters(self, environ: Mapping[str, str]) -> dict[str, HarnessAdapter]:
        """By name, built-ins first. A third party's is guarded; one that is broken is reported and left out."""

        def sound(answer: Sequence[Any] | None, impl: pluggy.HookImpl) -> dict[str, HarnessAdapter]:
            return {adapter.name: adapter for adapter in self._sound(_offers(answer), impl, environ)}

        return _first_of_a_name(self._call("harness_adapters", sound))

    def scorers(self, settings: Settings) -> dict[str, Scorer]:
        """By name, built-ins first."""

        def by_name(answer: Sequence[Any] | None, _impl: pluggy.HookImpl) -> dict[str, Scorer]:
            return {str(offer.name): offer for offer in _offers(answer)}

        return _first_of_a_name(self._call("scorers", by_name, settings=settings))

    def gate_checks(self) -> tuple[CheckFunction, ...]:
        """In order, built-ins first."""
        offered = self._call("gate_checks", lambda answer, _impl: _offers(answer))
        return tuple(check for checks in offered for check in checks)

    def _sound(
        self, offers: Sequence[Any], impl: pluggy.HookImpl, environ: Mapping[str, str]
    ) -> Iterator[HarnessAdapter]:
        """One broken adapter does not take a plugin's others with it."""
        for offer in offers:
            try:
                yield offer if impl.plugin in self._built_in else _guarded(offer, impl.plugin_name, environ)
            except AdapterFailed as error:
                self._on_failure(impl.plugin_name, error)

    def _call(self, hook: str, read: Callable[[Any, pluggy.HookImpl], Result], **arguments: object) -> list[Result]:
        """What `read` makes of each answer. pluggy's own call stops at the first exception; a stranger's must not."""
        results = []
        for impl in getattr(self._manager.hook, hook).get_hookimpls():
            try:
                results.append(read(impl.function(*(arguments[name] for name in impl.argnames)), impl))
            except Exception as error:
                if impl.plugin in self._built_in:
                    raise
                self._on_failure(impl.plugin_name, error)
        return results

    def _refuse_wrappers(self, plugin: object) -> None:
        """A wrapper could hide what others answer. Raises PluginValidationError."""
        impls = (impl for caller in self._manager.get_hookcallers(plugin) or () for impl in caller.get_hookimpls())
        if any(impl.plugin is plugin and (impl.wrapper or impl.hookwrapper) for impl in impls):
            raise pluggy.PluginValidationError(plugin, "hook wrappers are not supported")


def _guarded(offer: object, plugin: str, environ: Mapping[str, str]) -> HarnessAdapter:
    """Imported here: pydantic, for those who have a third party's adapter."""
    from hivemind_skillopt.hooks.guarded_adapter import guarded

    return guarded(offer, plugin, environ)


def _offers(answer: Sequence[Any] | None) -> tuple[Any, ...]:
    """A plugin that has nothing to offer may answer None."""
    return tuple(answer or ())


def _first_of_a_name(offered: Sequence[dict[str, Result]]) -> dict[str, Result]:
    """Nobody can take a built-in's name."""
    return {name: offer for offers in reversed(offered) for name, offer in offers.items()}
