"""Merge our hooks into the text of Claude Code's settings.json, and take exactly them out again.

Matchers and timeouts come from `hooks/hooks.json`, the same file that makes the checkout a plugin. Only our own entries
of the text change (`json_text.py`).
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from hivemind_skillopt.adapters import json_text
from hivemind_skillopt.adapters.claude_code.payload import HARNESS
from hivemind_skillopt.adapters.claude_code.settings_file import Json, is_blank, leniently, read_settings
from hivemind_skillopt.bundle import bundle_dir
from hivemind_skillopt.errors import HarnessError

HOOKS = "hooks"


class _Hook(BaseModel):
    model_config = ConfigDict(extra="ignore")
    timeout: int = 10


class _Entry(BaseModel):
    model_config = ConfigDict(extra="ignore")
    matcher: str | None = None
    hooks: list[_Hook]


class HooksFile(BaseModel):
    """Our `hooks/hooks.json`."""

    model_config = ConfigDict(extra="ignore")
    hooks: dict[str, list[_Entry]]


def command(launcher: Path, event: str) -> str:
    """Silent when the launcher is gone; never exit 2, which would drop the user's prompt (contract 9, 13)."""
    quoted = shlex.quote(str(launcher))
    return f"[ -x {quoted} ] && {quoted} {HARNESS} {event} || true"


def with_hooks(text: str | None, launcher: Path) -> str:
    """The settings with our hooks, once. Raises HarnessError for a file that the program would ignore."""
    base = "{}\n" if text is None or is_blank(text) else text
    hooks, ours = read_settings(base).get(HOOKS), _ours(launcher)
    if len(list(_found(hooks, launcher))) == len(ours) and all(_stands(hooks, *pair) for pair in ours.items()):
        return base
    return _added(_stripped(base, launcher, None), ours)


def without_hooks(text: str, launcher: Path, before: str | None) -> str | None:
    """The settings without our hooks; None: nothing is left of a file that was not there before us.

    `before` is what the file held before us: an empty list that stood there then stays.
    """
    if is_blank(text):
        return text
    had = leniently(before).get(HOOKS)
    result = _stripped(text, launcher, set(had) if isinstance(had, dict) else None)
    emptied = result != text and not leniently(result)
    return before if emptied and (before is None or is_blank(before)) else result


def installed_commands(text: str, launcher: Path) -> dict[str, str]:
    """By event: our command as it stands in the file; '' where it does not."""
    hooks = read_settings(text, checked=False).get(HOOKS)
    found = {str(path[1]): run for path, run in _found(hooks, launcher)}
    return {event: found.get(event, "") for event in _template()}


def _template() -> dict[str, list[_Entry]]:
    return HooksFile.model_validate_json((bundle_dir() / "hooks" / "hooks.json").read_bytes()).hooks


def _ours(launcher: Path) -> dict[str, Json]:
    """One entry with one hook for each event."""
    return {event: _entry(entries[0], command(launcher, event)) for event, entries in _template().items()}


def _entry(entry: _Entry, run: str) -> Json:
    hooks = [{"type": "command", "command": run, "timeout": entry.hooks[0].timeout}]
    return {"matcher": entry.matcher, HOOKS: hooks} if entry.matcher else {HOOKS: hooks}


def _found(hooks: object, launcher: Path) -> Iterator[tuple[json_text.Path, str]]:
    """Where our hooks stand, and their commands. Whatever else is in the file is stepped over."""
    for event, entries in hooks.items() if isinstance(hooks, dict) else ():
        for at, entry in enumerate(entries) if isinstance(entries, list) else ():
            inner = entry.get(HOOKS) if isinstance(entry, dict) else None
            for number, hook in enumerate(inner) if isinstance(inner, list) else ():
                run = hook.get("command") if isinstance(hook, dict) else None
                if isinstance(run, str) and f"{shlex.quote(str(launcher))} {HARNESS} " in run:
                    yield (HOOKS, event, at, HOOKS, number), run


def _stands(hooks: object, event: str, ours: Json) -> bool:
    """Is there an entry like ours?"""
    entries = hooks.get(event) if isinstance(hooks, dict) else None
    return any(
        isinstance(entry, dict) and entry.get("matcher") == ours.get("matcher") and ours[HOOKS] == entry.get(HOOKS)
        for entry in (entries if isinstance(entries, list) else ())
    )


def _added(text: str, ours: dict[str, Json]) -> str:
    """At the end of each list, in the style of the file."""
    settings = read_settings(text)
    if HOOKS not in settings:
        return json_text.add(text, (), {event: [entry] for event, entry in ours.items()}, HOOKS)
    hooks = settings[HOOKS]
    if not isinstance(hooks, dict):
        raise _unknown_shape(HOOKS)
    for event, entry in ours.items():
        if event not in hooks:
            text = json_text.add(text, (HOOKS,), [entry], event)
        elif isinstance(hooks[event], list):
            text = json_text.add(text, (HOOKS, event), entry)
        else:
            raise _unknown_shape(f"{HOOKS}.{event}")
    return text


def _stripped(text: str, launcher: Path, had: set[str] | None) -> str:
    """Without our hooks, and without what is empty because of it but what it `had` (None: not even `hooks`)."""
    while True:
        settings = read_settings(text, checked=False)
        found = next(_found(settings.get(HOOKS), launcher), None)
        if found is None:
            return text
        text = json_text.remove(text, _whole(settings, found[0], had))


def _whole(settings: Json, path: json_text.Path, had: set[str] | None) -> json_text.Path:
    """The outermost thing that holds this hook and nothing else."""
    _, event, at, _, _ = path
    hooks: Any = settings[HOOKS]
    if len(hooks[event][at][HOOKS]) > 1:
        return path
    if len(hooks[event]) > 1 or (had and event in had):
        return path[:3]
    return path[:2] if len(hooks) > 1 or had is not None else path[:1]


def _unknown_shape(key: str) -> HarnessError:
    return HarnessError(f"'{key}' in settings.json has a shape we do not know; mend it, then install again")
