"""Our hooks as a Codex plugin (the usual way), or merged into the user's hooks.json; and exactly out again.

A plugin is what `codex plugin marketplace add` and `codex plugin add` write, written by us (docs/decisions/0013): the
files of `adapters/codex`, with the launcher's path in their commands, and two tables of config.toml.
"""

from __future__ import annotations

from pathlib import Path

import tomlkit

from hivemind_skillopt.adapters.codex import config_file, trusted_hash
from hivemind_skillopt.adapters.codex.config_file import TablePath, read_config, table
from hivemind_skillopt.adapters.codex.hooks_file import read_hooks_file
from hivemind_skillopt.adapters.codex.payload import HARNESS
from hivemind_skillopt.adapters.hook_groups import HookGroups
from hivemind_skillopt.bundle import bundle_dir

NAME = "hivemind-skillopt"
PLUGIN = f"{NAME}@{NAME}"
"""Plugin and marketplace."""

MARKETPLACE: TablePath = ("marketplaces", NAME)
ENABLED: TablePath = ("plugins", PLUGIN)

ROOT = Path("plugins", "cache", NAME)
"""In Codex's home, where it copies plugins to. It runs the copy; ours is the marketplace as well."""

PLUGIN_HOOKS = Path(NAME, "1", "hooks", "hooks.json")
PLUGIN_FILES = (
    Path(".agents", "plugins", "marketplace.json"),
    Path(NAME, "1", ".codex-plugin", "plugin.json"),
    PLUGIN_HOOKS,
)
"""The same in the bundle and in Codex's home."""

SPOKEN = {"UserPromptSubmit": "UserPromptMention"}
"""A `$name` in a prompt uses a skill, and no other event tells of it (contract 5)."""


def hook_files(home: Path, route: str) -> tuple[Path, ...]:
    """config.toml last: it names the others."""
    if route == "hooks.json":
        return (home / "hooks.json",)
    return (*(home / ROOT / file for file in PLUGIN_FILES), home / "config.toml")


def with_hooks(file: Path, text: str | None, launcher: Path) -> str:
    """That file's text with our hooks in it. Raises HarnessError for a file that Codex would ignore."""
    if file.name == "config.toml":
        return _with_plugin(text or "", file.parent / ROOT)
    if plugin_file := _plugin_file(file):
        return _rendered(plugin_file, launcher)
    return groups(launcher).merged(text)


def without_hooks(file: Path, text: str, launcher: Path, before: str | None) -> str | None:
    """That file's text without them, and without what Codex noted of their trust; None: nothing is left."""
    if file.name == "config.toml":
        return config_file.without_tables(text, _our_tables(text, launcher), before)
    if _plugin_file(file):
        return None
    return groups(launcher).taken_out(text, before)


def groups(launcher: Path) -> HookGroups:
    """Our groups, by event."""
    template = bundle_dir() / "adapters" / "codex" / PLUGIN_HOOKS
    return HookGroups.of(
        template, "hooks.json", read_hooks_file, launcher, HARNESS, lambda event: SPOKEN.get(event, event)
    )


def _plugin_file(file: Path) -> Path | None:
    """Which of the plugin's files this is."""
    return next((one for one in PLUGIN_FILES if file.parts[-len((ROOT / one).parts) :] == (ROOT / one).parts), None)


def _rendered(file: Path, launcher: Path) -> str:
    if file == PLUGIN_HOOKS:
        return groups(launcher).merged(None)
    return (bundle_dir() / "adapters" / "codex" / file).read_text(encoding="utf-8")


def _with_plugin(text: str, root: Path) -> str:
    """A plugin that its user disabled stays so."""
    document = read_config(text)
    if table(document, ENABLED) and table(document, MARKETPLACE).get("source") == str(root):
        return text
    lines = (
        f'[{".".join(MARKETPLACE)}]\nsource_type = "local"\nsource = {tomlkit.item(str(root)).as_string()}\n\n'
        f'[{ENABLED[0]}."{PLUGIN}"]\nenabled = true\n'
    )
    paths = (MARKETPLACE, ENABLED)
    return config_file.with_tables(config_file.without_tables(text, paths, text) or "", paths, lines)


def _our_tables(text: str, launcher: Path) -> list[TablePath]:
    """Trust in our plugin is told by its key. That in groups of hooks.json, whose keys are positions, by its hash."""
    hashes = {trusted_hash.of(event, group) for event, group in groups(launcher).ours.items()}
    trusted = [
        (*config_file.STATE, key)
        for key, state in table(read_config(text), config_file.STATE).items()
        if key.startswith(f"{PLUGIN}:") or (isinstance(state, dict) and state.get("trusted_hash") in hashes)
    ]
    return [MARKETPLACE, ENABLED, *trusted]
