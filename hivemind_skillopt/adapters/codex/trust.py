"""What Codex says of our hooks: it runs none that its user has not trusted, in its own TUI or by `install --trust`.

Asked of `codex app-server`, the program's own interface (JSON lines); no model is called and nothing is started.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hivemind_skillopt.adapters.codex.adapter import REVIEW
from hivemind_skillopt.adapters.codex.config_file import read_config, table
from hivemind_skillopt.adapters.codex.install import ENABLED, groups
from hivemind_skillopt.errors import HarnessError
from hivemind_skillopt.harness import HookTrust, RunProgram

HOOKS_FEATURES = ("hooks", "codex_hooks")
"""The second is an older name that still works (contract 1)."""

_ASKED = "hivemind-skillopt/asked"
"""The id of our question, found in the answer alone: the program drops what it has not answered when its input ends."""


class _Listed(BaseModel):
    model_config = ConfigDict(extra="ignore")
    key: str
    command: str | None = None
    enabled: bool = True
    current_hash: str = Field(default="", alias="currentHash")
    trust: str = Field(default="untrusted", alias="trustStatus")


class _Folder(BaseModel):
    model_config = ConfigDict(extra="ignore")
    hooks: list[_Listed] = []
    warnings: list[str] = []


class _Result(BaseModel):
    model_config = ConfigDict(extra="ignore")
    data: list[_Folder]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")
    id: str
    result: _Result


def switched_off(home: Path) -> str:
    """What in config.toml keeps our hooks from running, or ''."""
    file = home / "config.toml"
    try:
        config = read_config(file.read_text(encoding="utf-8", errors="replace"))
    except (OSError, HarnessError):
        return ""
    features = table(config, ("features",))
    for name in HOOKS_FEATURES:
        if features.get(name) is False:
            return f"features.{name} is false in {file}"
    plugin = table(config, ENABLED)
    if plugin.get("enabled") is False:
        return f"the plugin {ENABLED[1]} is disabled in {file}"
    return f"features.plugins is false in {file}" if plugin and features.get("plugins") is False else ""


def untrusted(home: Path, launcher: Path, run: RunProgram) -> str:
    """Why Codex skips hooks of ours, and what to do; '' where it runs them all."""
    ours, warnings = _list(home, launcher, run)
    if len(ours) < len(groups(launcher).ours):
        return f"Codex does not list them all ({'; '.join(warnings)[:200] or 'no reason told'}); mend that"
    if off := [hook for hook in ours if not hook.enabled]:
        return f"{len(off)} of them disabled in Codex; open `codex`, type `/hooks` and enable them"
    if changed := [hook for hook in ours if hook.trust == "modified"]:
        return f"{len(changed)} of them changed since you trusted them; {REVIEW}"
    waiting = _waiting(ours)
    return f"{len(waiting)} of them not trusted yet; {REVIEW}" if waiting else ""


def to_trust(home: Path, launcher: Path, run: RunProgram) -> list[HookTrust]:
    """The hooks of ours that Codex would run if its user trusted them."""
    return [
        HookTrust(hook.command or "", hook.key, hook.current_hash) for hook in _waiting(_list(home, launcher, run)[0])
    ]


def trust(hooks: Sequence[HookTrust], run: RunProgram) -> None:
    """Let Codex itself write down that its user trusts exactly these."""
    state = {hook.key: {"trusted_hash": hook.fingerprint} for hook in hooks}
    edit = {"keyPath": "hooks.state", "value": state, "mergeStrategy": "upsert"}
    if '"error"' in _ask("config/batchWrite", {"edits": [edit]}, run):
        raise HarnessError("Codex did not take the trust in our hooks; open `codex`, type `/hooks` and press `t`")


def _waiting(hooks: Sequence[_Listed]) -> list[_Listed]:
    return [hook for hook in hooks if hook.trust not in ("trusted", "managed")]


def _list(home: Path, launcher: Path, run: RunProgram) -> tuple[list[_Listed], list[str]]:
    """Our hooks, and what Codex complains about. Asked for its own home: no project's hooks are among them."""
    line = _ask("hooks/list", {"cwds": [str(home)]}, run)
    try:
        folders = _Answer.model_validate_json(line).result.data
    except ValidationError:
        raise HarnessError("`codex app-server` does not list hooks; is it a Codex of 2026 or later?") from None
    ours = set(groups(launcher).wanted().values())
    hooks = [hook for folder in folders for hook in folder.hooks if hook.command in ours]
    return hooks, [warning for folder in folders for warning in folder.warnings]


def _ask(method: str, parameters: object, run: RunProgram) -> str:
    """The one line that answers. Raises HarnessError."""
    lines = "".join(f"{json.dumps(message)}\n" for message in _messages(method, parameters))
    done = run(["app-server"], lines, _ASKED)
    answers = [line for line in done.stdout.splitlines() if _ASKED in line]
    if not answers:
        raise HarnessError(f"`codex app-server` gave no answer (exit code {done.returncode}); see `codex doctor`")
    return answers[0]


def _messages(method: str, parameters: object) -> Iterator[dict[str, object]]:
    client = {"name": "hivemind-skillopt", "version": "1"}
    yield {"id": "hivemind-skillopt/hello", "method": "initialize", "params": {"clientInfo": client}}
    yield {"method": "initialized"}
    yield {"id": _ASKED, "method": method, "params": parameters}
