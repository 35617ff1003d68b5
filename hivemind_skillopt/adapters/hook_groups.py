"""Our entries in a JSON file of hooks whose shape several harnesses share: `{event: [{matcher, hooks: [...]}, ...]}`.

They are put in at the end of each event's list and taken out again exactly. Every byte of others stays
(`json_text.py`).
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from hivemind_skillopt.adapters import json_text
from hivemind_skillopt.errors import HarnessError

Json = dict[str, object]
HOOKS = "hooks"


class _Hook(BaseModel):
    model_config = ConfigDict(extra="ignore")
    timeout: int = 10


class _Entry(BaseModel):
    model_config = ConfigDict(extra="ignore")
    matcher: str | None = None
    hooks: list[_Hook]


class _Template(BaseModel):
    model_config = ConfigDict(extra="ignore")
    hooks: dict[str, list[_Entry]]


def command(launcher: Path, harness: str, event: str) -> str:
    """Silent when the launcher is gone; never exit 2, which would drop the user's prompt. No version in it: trust."""
    quoted = shlex.quote(str(launcher))
    return f"[ -x {quoted} ] && {quoted} {harness} {event} || true"


def is_blank(text: str) -> bool:
    """Nothing in it: as good as no file."""
    return not text.strip(json_text.BOM + " \t\r\n")


def added(text: str, value: Json, ours: Mapping[str, Json], file: str) -> str:
    """The text, which holds that value, with one entry more at the end of each event's list, in the style of the file.

    Raises HarnessError, which calls the file `file`.
    """
    if HOOKS not in value:
        return json_text.add(text, (), {event: [entry] for event, entry in ours.items()}, HOOKS)
    hooks = value[HOOKS]
    if not isinstance(hooks, dict):
        raise _unknown_shape(HOOKS, file)
    for event, entry in ours.items():
        if event not in hooks:
            text = json_text.add(text, (HOOKS,), [entry], event)
        elif isinstance(hooks[event], list):
            text = json_text.add(text, (HOOKS, event), entry)
        else:
            raise _unknown_shape(f"{HOOKS}.{event}", file)
    return text


def _unknown_shape(key: str, file: str) -> HarnessError:
    return HarnessError(f"'{key}' in {file} has a shape we do not know; mend it, then install again")


@dataclass(frozen=True, slots=True)
class HookGroups:
    """Ours in one such file.

    `file`: how a person knows it. `read`: the file's value as the harness reads it, raising HarnessError; where it is
    told not to check, anything that is a JSON object. `mark`: what every command of ours has in it, whatever its event.
    """

    file: str
    read: Callable[[str, bool], Json]
    mark: str
    ours: dict[str, dict[str, Any]]

    @classmethod
    def of(
        cls, template: Path, file: str, read: Callable[[str, bool], Json], launcher: Path, harness: str,
        spoken: Callable[[str], str] = str,
    ) -> HookGroups:  # fmt: skip
        """Matchers and timeouts of the template; `spoken`: the event's name for the recorder."""
        entries = _Template.model_validate_json(template.read_bytes()).hooks
        ours = {event: _entry(found[0], command(launcher, harness, spoken(event))) for event, found in entries.items()}
        return cls(file, read, f"{shlex.quote(str(launcher))} {harness} ", ours)

    def merged(self, text: str | None) -> str:
        """The file with our hooks, once. Raises HarnessError for a file that the program would ignore."""
        base = "{}\n" if text is None or is_blank(text) else text
        hooks = self.read(base, True).get(HOOKS)
        if len(list(self._found(hooks))) == len(self.ours) and all(_stands(hooks, *one) for one in self.ours.items()):
            return base
        stripped = self._stripped(base, None)
        return added(stripped, self.read(stripped, True), self.ours, self.file)

    def taken_out(self, text: str, before: str | None) -> str | None:
        """The file without our hooks; None: nothing is left of a file that was not there before us.

        `before` is what the file held before us: an empty list that stood there then stays.
        """
        if is_blank(text):
            return text
        had = self.leniently(before).get(HOOKS)
        result = self._stripped(text, set(had) if isinstance(had, dict) else None)
        emptied = result != text and not self.leniently(result)
        return before if emptied and (before is None or is_blank(before)) else result

    def commands(self, text: str) -> dict[str, str]:
        """By event: our command as it stands in the file; '' where it does not."""
        found = {str(path[1]): run for path, run in self._found(self.read(text, False).get(HOOKS))}
        return {event: found.get(event, "") for event in self.ours}

    def wanted(self) -> dict[str, str]:
        """By event: our command as it should stand there."""
        return {event: entry[HOOKS][0]["command"] for event, entry in self.ours.items()}

    def leniently(self, text: str | None) -> Json:
        """The file's value, or {} where there is none."""
        try:
            return {} if text is None or is_blank(text) else self.read(text, False)
        except HarnessError:
            return {}

    def _found(self, hooks: object) -> Iterator[tuple[json_text.Path, str]]:
        """Where our hooks stand, and their commands. Whatever else is in the file is stepped over."""
        for event, entries in hooks.items() if isinstance(hooks, dict) else ():
            for at, entry in enumerate(entries) if isinstance(entries, list) else ():
                inner = entry.get(HOOKS) if isinstance(entry, dict) else None
                for number, hook in enumerate(inner) if isinstance(inner, list) else ():
                    run = hook.get("command") if isinstance(hook, dict) else None
                    if isinstance(run, str) and self.mark in run:
                        yield (HOOKS, event, at, HOOKS, number), run

    def _stripped(self, text: str, had: set[str] | None) -> str:
        """Without our hooks, and without what is empty because of it but what it `had` (None: not even `hooks`)."""
        while True:
            value = self.read(text, False)
            found = [path for path, _ in self._found(value.get(HOOKS))]
            if not found:
                return text
            text = json_text.remove(text, _whole(value, max(found, key=self._put_in), had))

    def _put_in(self, path: json_text.Path) -> tuple[int, int, int]:
        """In which order they were put in. The last goes first: what stands on its line is then as it was."""
        _, event, at, _, number = path
        order = [*self.ours, event]
        return order.index(event), int(at), int(number)


def _entry(entry: _Entry, run: str) -> dict[str, Any]:
    hooks = [{"type": "command", "command": run, "timeout": entry.hooks[0].timeout}]
    return {"matcher": entry.matcher, HOOKS: hooks} if entry.matcher else {HOOKS: hooks}


def _stands(hooks: object, event: str, ours: Json) -> bool:
    """Is there an entry like ours?"""
    entries = hooks.get(event) if isinstance(hooks, dict) else None
    return any(
        isinstance(entry, dict) and entry.get("matcher") == ours.get("matcher") and ours[HOOKS] == entry.get(HOOKS)
        for entry in (entries if isinstance(entries, list) else ())
    )


def _whole(value: Json, path: json_text.Path, had: set[str] | None) -> json_text.Path:
    """The outermost thing that holds this hook and nothing else."""
    _, event, at, _, _ = path
    hooks: Any = value[HOOKS]
    if len(hooks[event][at][HOOKS]) > 1:
        return path
    if len(hooks[event]) > 1 or (had and event in had):
        return path[:3]
    return path[:2] if len(hooks) > 1 or had is not None else path[:1]
