"""Our two entries in Hermes' config.yaml: the plugin's name, and the folder of pulled skills."""

from __future__ import annotations

from pathlib import Path

from hivemind_skillopt.adapters import yaml_text
from hivemind_skillopt.adapters.yaml_text import ListPath, NotChangeable
from hivemind_skillopt.errors import HarnessError

PLUGIN = "hivemind-skillopt"
ENABLED: ListPath = ("plugins", "enabled")
DISABLED: ListPath = ("plugins", "disabled")
SKILL_FOLDERS: ListPath = ("skills", "external_dirs")


def with_ours(text: str | None, skill_root: Path) -> str:
    """The configuration with our entries, once. Raises HarnessError."""
    result = text or ""
    try:
        for path, entry in _ours(skill_root):
            if entry not in yaml_text.entries(result, path):
                result = yaml_text.add(result, path, entry)
    except NotChangeable as error:
        raise HarnessError(f"config.yaml cannot be changed safely: {error}; mend it, then install again") from None
    return result


def without_ours(text: str, skill_root: Path, before: str | None) -> str | None:
    """The configuration without them; None: it was not there before us, and nothing else is in it."""
    result = text
    try:
        for path, entry in reversed(_ours(skill_root)):
            if entry not in yaml_text.entries(before or "", path):
                result = yaml_text.remove(result, path, entry, yaml_text.present(before or "", path))
    except NotChangeable as error:
        raise HarnessError(f"config.yaml cannot be changed safely: {error}; mend it, then uninstall again") from None
    return None if before is None and not result.strip() else result


def is_enabled(text: str) -> bool:
    """Does Hermes load the plugin, as far as this file says?"""
    return _holds(text, ENABLED)


def switched_off(path: Path) -> str:
    """What keeps the plugin from being loaded although it is there and enabled, or ''."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return f"plugins.disabled in {path} names {PLUGIN}, which beats plugins.enabled" if _holds(text, DISABLED) else ""


def another_profile(home: Path) -> str:
    """Does Hermes start in another home than this, by `hermes profile use`, without our plugin in it? Else ''."""
    try:
        name = (home / "active_profile").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""
    profile = home / "profiles" / Path(name).name
    if not name or not profile.is_dir() or (profile / "plugins" / PLUGIN).is_dir():
        return ""
    return (
        f"Hermes starts in the profile {profile.name}; `HERMES_HOME={profile} hivemind-skillopt install` puts it there"
    )


def _ours(skill_root: Path) -> list[tuple[ListPath, str]]:
    return [(ENABLED, PLUGIN), (SKILL_FOLDERS, str(skill_root))]


def _holds(text: str, path: ListPath) -> bool:
    try:
        return PLUGIN in yaml_text.entries(text, path)
    except NotChangeable:
        return False
