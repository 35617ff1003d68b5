"""Merge our hooks into the text of Claude Code's settings.json, and take exactly them out again.

Matchers and timeouts come from `hooks/hooks.json`, the same file that makes the checkout a plugin.
"""

from __future__ import annotations

from pathlib import Path

from hivemind_skillopt.adapters.claude_code.payload import HARNESS
from hivemind_skillopt.adapters.claude_code.settings_file import read_settings
from hivemind_skillopt.adapters.hook_groups import HookGroups
from hivemind_skillopt.bundle import bundle_dir


def with_hooks(text: str | None, launcher: Path) -> str:
    """The settings with our hooks, once. Raises HarnessError for a file that the program would ignore."""
    return _groups(launcher).merged(text)


def without_hooks(text: str, launcher: Path, before: str | None) -> str | None:
    """The settings without our hooks; None: nothing is left of a file that was not there before us."""
    return _groups(launcher).taken_out(text, before)


def installed_commands(text: str, launcher: Path) -> dict[str, str]:
    """By event: our command as it stands in the file; '' where it does not."""
    return _groups(launcher).commands(text)


def _groups(launcher: Path) -> HookGroups:
    template = bundle_dir() / "hooks" / "hooks.json"
    return HookGroups.of(template, "settings.json", read_settings, launcher, HARNESS)
