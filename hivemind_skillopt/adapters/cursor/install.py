"""Merge our hooks into the text of Cursor's hooks.json, and take exactly them out again.

Matchers and timeouts come from `hooks/hooks-cursor.json`. An entry is the command object itself, and has no key that
Cursor does not know: ours are recognised by their command.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from hivemind_skillopt.adapters import json_text
from hivemind_skillopt.adapters.cursor.hooks_file import COMMAND, commands, leniently, read_hooks_file
from hivemind_skillopt.adapters.cursor.payload import HARNESS
from hivemind_skillopt.adapters.hook_groups import HOOKS, Json, added, command, is_blank
from hivemind_skillopt.bundle import bundle_dir

VERSION = {"version": 1}
"""Of the file's format; it stands in every documented example."""

TOLD_AS = {"sessionStart": "SessionStart", "preToolUse": "PreToolUse", "beforeSubmitPrompt": "UserPromptMention"}
"""Our hooks, by Cursor's names, and what the recorder calls each: a prompt alone may use a skill here."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="ignore")
    timeout: int
    matcher: str | None = None


class HooksFile(BaseModel):
    """Our `hooks/hooks-cursor.json`."""

    model_config = ConfigDict(extra="ignore")
    hooks: dict[str, list[_Entry]]


def with_hooks(text: str | None, launcher: Path) -> str:
    """The file with our hooks, once. Raises HarnessError where it cannot be read."""
    base = '{\n  "version": 1\n}\n' if text is None or is_blank(text) else text
    ours = _ours(launcher)
    if _stand(read_hooks_file(base), launcher, ours):
        return base
    stripped = _stripped(base, launcher, None)
    if not read_hooks_file(stripped):
        stripped = json_text.add(stripped, (), VERSION["version"], "version")
    return added(stripped, read_hooks_file(stripped), ours, "Cursor's hooks.json")


def without_hooks(text: str, launcher: Path, before: str | None) -> str | None:
    """The file without our hooks; None: nothing is left of a file that was not there before us.

    `before` is what the file held before us: an empty list that stood there then stays.
    """
    if is_blank(text):
        return text
    was, now = leniently(before), text
    had = was.get(HOOKS)
    now = _stripped(text, launcher, set(had) if isinstance(had, dict) else None)
    if now != text and leniently(now) == VERSION and not VERSION.keys() & was.keys():
        now = json_text.remove(now, ("version",))
    emptied = now != text and not leniently(now)
    return before if emptied and (before is None or is_blank(before)) else now


def installed_commands(text: str, launcher: Path) -> dict[str, str]:
    """By event: our command as it stands in the file; '' where it does not."""
    hooks = read_hooks_file(text).get(HOOKS)
    found = {event: run for event, _, run in commands(hooks) if _mark(launcher) in run}
    return {event: found.get(event, "") for event in TOLD_AS}


def _ours(launcher: Path) -> dict[str, Json]:
    """One entry for each event."""
    template = HooksFile.model_validate_json((bundle_dir() / "hooks" / "hooks-cursor.json").read_bytes()).hooks
    return {
        event: {COMMAND: command(launcher, HARNESS, TOLD_AS[event]), **entries[0].model_dump(exclude_none=True)}
        for event, entries in template.items()
    }


def _mark(launcher: Path) -> str:
    """What every command of ours has in it."""
    return f"{shlex.quote(str(launcher))} {HARNESS} "


def _found(value: Json, launcher: Path) -> list[tuple[str, int]]:
    """Where our hooks stand."""
    return [(event, at) for event, at, run in commands(value.get(HOOKS)) if _mark(launcher) in run]


def _stand(value: Json, launcher: Path, ours: dict[str, Json]) -> bool:
    """Is each of them there once, as it should be?"""
    hooks, found = value.get(HOOKS), _found(value, launcher)
    there = {event: hooks[event][at] for event, at in found} if isinstance(hooks, dict) else {}
    return there == ours and len(found) == len(ours)


def _stripped(text: str, launcher: Path, had: set[str] | None) -> str:
    """Without our hooks, and without what is empty because of it but what it `had` (None: not even `hooks`)."""
    while found := _found(value := read_hooks_file(text), launcher):
        text = json_text.remove(text, _whole(value, *max(found, key=_put_in), had))
    return text


def _put_in(place: tuple[str, int]) -> tuple[int, int]:
    """In which order they were put in. The last goes first: what stands on its line is then as it was."""
    event, at = place
    return [*TOLD_AS, event].index(event), at


def _whole(value: Json, event: str, at: int, had: set[str] | None) -> json_text.Path:
    """The outermost thing that holds this hook and nothing else."""
    hooks = value[HOOKS]
    if not isinstance(hooks, dict) or len(hooks[event]) > 1 or (had and event in had):
        return (HOOKS, event, at)
    return (HOOKS, event) if len(hooks) > 1 or had is not None else (HOOKS,)
