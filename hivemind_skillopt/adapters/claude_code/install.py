"""Merge our hooks into Claude Code's settings.json, and take exactly them out again.

Matchers and timeouts come from `hooks/hooks.json`, the same file that makes the checkout a plugin.
"""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from hivemind_skillopt.bundle import bundle_dir
from hivemind_skillopt.errors import HarnessError

Json = dict[str, object]


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
    return f"[ -x {quoted} ] && {quoted} claude_code {event} || true"


def with_hooks(text: str | None, launcher: Path) -> str:
    """The settings with our hooks, once. Raises HarnessError where they are not plain JSON of the usual shape."""
    settings = _parse(text)
    hooks = _object(settings, "hooks")
    _remove(hooks, launcher)
    for event, entries in _ours(launcher).items():
        hooks[event] = [*_array(hooks, event), *entries]
    return _render(settings, text)


def without_hooks(text: str, launcher: Path) -> str | None:
    """The settings without our hooks: the very text where there are none; None when nothing else is in them."""
    settings = _parse(text)
    hooks = settings.get("hooks")
    if not isinstance(hooks, dict) or not _remove(hooks, launcher):
        return text
    if not hooks:
        del settings["hooks"]
    return _render(settings, text) if settings else None


def _ours(launcher: Path) -> dict[str, list[Json]]:
    template = HooksFile.model_validate_json((bundle_dir() / "hooks" / "hooks.json").read_bytes())
    return {
        event: [_entry(entry, command(launcher, event)) for entry in found] for event, found in template.hooks.items()
    }


def _entry(entry: _Entry, run: str) -> Json:
    hooks = [{"type": "command", "command": run, "timeout": hook.timeout} for hook in entry.hooks]
    return {"matcher": entry.matcher, "hooks": hooks} if entry.matcher else {"hooks": hooks}


def _remove(hooks: Json, launcher: Path) -> bool:
    """Drop our entries, and events that are empty because of it; was there anything?"""
    found = False
    for event, entries in list(hooks.items()):
        kept = [entry for entry in entries if not _is_ours(entry, launcher)] if isinstance(entries, list) else entries
        if kept != entries:
            found = True
            hooks[event] = kept
            if not kept:
                del hooks[event]
    return found


def _is_ours(entry: object, launcher: Path) -> bool:
    """An entry that runs our launcher and nothing else."""
    if not isinstance(entry, dict) or not isinstance(entry.get("hooks"), list) or not entry["hooks"]:
        return False
    commands = [hook.get("command") if isinstance(hook, dict) else None for hook in entry["hooks"]]
    return all(isinstance(run, str) and shlex.quote(str(launcher)) in run for run in commands)


def _parse(text: str | None) -> Json:
    try:
        settings = json.loads(text, object_pairs_hook=_no_duplicates) if text and text.strip() else {}
        json.dumps(settings, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise HarnessError(f"settings.json is not valid JSON ({error}); mend it, then install again") from None
    if not isinstance(settings, dict):
        raise HarnessError("settings.json does not hold a JSON object; mend it, then install again")
    return settings


def _no_duplicates(pairs: list[tuple[str, object]]) -> Json:
    """Writing the file back would drop one of two equal keys."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _object(parent: Json, key: str) -> Json:
    part = parent.setdefault(key, {})
    if not isinstance(part, dict):
        raise _unknown_shape(key)
    return part


def _array(parent: Json, key: str) -> list[object]:
    part = parent.get(key, [])
    if not isinstance(part, list):
        raise _unknown_shape(key)
    return part


def _unknown_shape(key: str) -> HarnessError:
    return HarnessError(f"'{key}' in settings.json has a shape we do not know; mend it, then install again")


def _render(settings: Json, before: str | None) -> str:
    """In the indentation and with the final newline that were there."""
    found = re.search(r"\n([ \t]+)\S", before or "")
    indent = found[1] if found else "  "
    newline = "\n" if not before or before.endswith("\n") else ""
    return json.dumps(settings, indent=indent, ensure_ascii=False) + newline
