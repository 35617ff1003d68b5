"""A third party's adapter: looked at before it is used, and what it does wrong later is an error that names it.

So its failure is its own harness's alone, whatever it raises or answers. Built-in adapters are not guarded: their
failures are ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from types import NoneType
from typing import Annotated, Final, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hivemind_skillopt.errors import AdapterFailed, HarnessError, PayloadUnreadable
from hivemind_skillopt.harness import AsksForTrust, HarnessAdapter, HookTrust, RunProgram
from hivemind_skillopt.ports import Conversation

ANSWERS: Final[Mapping[str, tuple[type, ...]]] = {
    "home": (Path,),
    "skill_root": (Path,),
    "events": (list, tuple),
    "read_transcript": (Conversation, NoneType),
    "renders_as": (bool,),
    "hook_files": (tuple,),
    "with_hooks": (str,),
    "without_hooks": (str, NoneType),
    "hook_probes": (list, tuple),
    "switched_off": (str,),
    "untrusted": (str,),
    "cli": (object,),
}
"""The methods of `ports.HarnessAdapter`, and what each may answer: None for a text would delete the user's file."""

TRUST: Final[Mapping[str, tuple[type, ...]]] = {"to_trust": (list, tuple), "trust_hooks": (NoneType,)}
"""The same of `ports.AsksForTrust`."""


class _Names(BaseModel):
    """What stands in hook commands, file names, names of settings, and in the launcher that all harnesses share."""

    model_config = ConfigDict(from_attributes=True, strict=True)
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
    title: Annotated[str, Field(min_length=1)]
    seen_version: str
    trust: str
    home_variable: Annotated[str, Field(pattern=r"^([A-Za-z_][A-Za-z0-9_]*)?$")]
    routes: Annotated[tuple[str, ...], Field(min_length=1)]


def guarded(adapter: object, plugin: str, environ: Mapping[str, str]) -> HarnessAdapter:
    """The adapter, fit for loops over all harnesses. Raises AdapterFailed where it lacks something."""
    lacks = [member for member in ANSWERS if not callable(getattr(adapter, member, None))]
    try:
        _Names.model_validate(adapter)
    except ValidationError as error:
        lacks = ["".join(map(str, one["loc"][:1])) or "form" for one in error.errors()] + lacks
    if lacks:
        raise AdapterFailed(f"its adapter {type(adapter).__name__} lacks a sound {', '.join(lacks)}")
    guard = _GuardedAsker(adapter, plugin) if isinstance(adapter, AsksForTrust) else _GuardedAdapter(adapter, plugin)
    sound = cast("HarnessAdapter", guard)
    _ask_what_loops_ask(sound, plugin, environ)
    return sound


def _ask_what_loops_ask(adapter: HarnessAdapter, plugin: str, environ: Mapping[str, str]) -> None:
    """Where it lies and how it is called: asked of every harness by nearly every command."""
    home, cli = adapter.home(environ), adapter.cli()
    adapter.skill_root(home)
    files = [file for route in adapter.routes for file in adapter.hook_files(home, route)]
    if not files or not all(isinstance(file, Path) for file in files):
        raise _failed(plugin, adapter.name, "hook_files", "no files")
    members = {"name": str, "program": str, "tool_free": bool}
    if not all(isinstance(getattr(cli, member, None), kind) for member, kind in members.items()):
        raise _failed(plugin, adapter.name, "cli", "no agent CLI")


class _GuardedAdapter:
    """Passes every question on."""

    name: str

    def __init__(self, adapter: object, plugin: str) -> None:
        self._adapter = adapter
        self._plugin = plugin

    def __getattr__(self, member: str) -> object:
        return partial(self._ask, member) if member in ANSWERS else getattr(self._adapter, member)

    def _ask(self, member: str, *arguments: object) -> object:
        """Only the errors that the protocol names come through; an answer of another kind is one as well."""
        try:
            answer = getattr(self._adapter, member)(*arguments)
        except (HarnessError, PayloadUnreadable):
            raise
        except (Exception, SystemExit) as error:
            raise _failed(self._plugin, self.name, member, type(error).__name__) from error
        if not isinstance(answer, {**ANSWERS, **TRUST}[member]):
            raise _failed(self._plugin, self.name, member, f"answered {type(answer).__name__}")
        return answer


class _GuardedAsker(_GuardedAdapter):
    """`isinstance` looks for these members itself, without `__getattr__`."""

    def __init__(self, adapter: AsksForTrust, plugin: str) -> None:
        super().__init__(adapter, plugin)
        self.how_to_trust = adapter.how_to_trust

    def to_trust(self, home: Path, launcher: Path, run: RunProgram) -> object:
        return self._ask("to_trust", home, launcher, run)

    def trust_hooks(self, hooks: Sequence[HookTrust], run: RunProgram) -> object:
        return self._ask("trust_hooks", hooks, run)


def _failed(plugin: str, name: str, member: str, what: str) -> AdapterFailed:
    """Never the error's own text: it may hold what somebody typed."""
    return AdapterFailed(
        f"the adapter '{name}' of the plugin '{plugin}' failed in {member} ({what}); mend or remove it"
    )
