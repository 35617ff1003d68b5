"""The files of Hermes that install writes: the plugin's two, which are wholly ours, then config.yaml.

In this order, so that the plugin is enabled only when it is there; `uninstall` goes backwards.
"""

from __future__ import annotations

import json
from pathlib import Path

from hivemind_skillopt.adapters.hermes import config_file
from hivemind_skillopt.bundle import bundle_dir
from hivemind_skillopt.errors import HarnessError

CONFIG = "config.yaml"
MODULE = "__init__.py"
PLACEHOLDER = '"@LAUNCHER@"'

OUR_BEGINNING = {MODULE: '"""hivemind-skillopt in Hermes', "plugin.yaml": "name: hivemind-skillopt\n"}
"""How the plugin's files begin, of whatever version of ours they are."""


def hook_files(home: Path) -> tuple[Path, ...]:
    """The manifest, the module, the configuration."""
    plugin = home / "plugins" / config_file.PLUGIN
    return plugin / "plugin.yaml", plugin / MODULE, home / CONFIG


def skill_root(home: Path) -> Path:
    """Not `skills/`: in an external folder Hermes' own review and curator only read (contract 3)."""
    return home / "org-skills"


def with_hooks(file: Path, text: str | None, launcher: Path) -> str:
    """Raises HarnessError where it cannot be changed safely."""
    if file.name == CONFIG:
        return config_file.with_ours(text, skill_root(file.parent))
    if text is not None and not _is_ours(file, text):
        raise HarnessError(f"{file} is not ours; move it away, then install again")
    return _template(file.name).replace(PLACEHOLDER, json.dumps(str(launcher)))


def without_hooks(file: Path, text: str, before: str | None) -> str | None:
    """None: remove the file. Raises HarnessError."""
    if file.name == CONFIG:
        return config_file.without_ours(text, skill_root(file.parent), before)
    return None if _is_ours(file, text) else text


def _is_ours(file: Path, text: str) -> bool:
    return text.startswith(OUR_BEGINNING[file.name])


def _template(name: str) -> str:
    return (bundle_dir() / "adapters" / "hermes" / name).read_text(encoding="utf-8")
