"""The Codex adapter: the few names that every harness has, in the same order.

The rest is imported where it is used: most commands ask a harness for its names and its home only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from hivemind_skillopt.events import InboxItem, SeenEvent
from hivemind_skillopt.harness import AgentCli, HookProbe, HookTrust, RunProgram
from hivemind_skillopt.judgment_window import JudgmentWindow
from hivemind_skillopt.ports import Conversation

REVIEW = "open `codex`, type `/hooks` and press `t`, or run `hivemind-skillopt install --trust`"


class Codex:
    """Implements `ports.HarnessAdapter` and `ports.AsksForTrust`."""

    name = "codex"
    title = "Codex"
    seen_version = "0.169.0"
    trust = "Codex asks its user before a new hook runs"
    how_to_trust = f"it runs no hook that you have not trusted; {REVIEW}"
    home_variable = "CODEX_HOME"
    routes: tuple[str, ...] = ("plugin", "hooks.json")

    def home(self, environ: Mapping[str, str]) -> Path:
        """`CODEX_HOME`, else `~/.codex`."""
        chosen = environ.get(self.home_variable, "")
        return Path(chosen) if chosen else Path(environ.get("HOME") or Path.home()) / ".codex"

    def skill_root(self, home: Path) -> Path:
        """The user's skills; Codex follows links in it."""
        return home / "skills"

    def events(self, item: InboxItem) -> Sequence[SeenEvent]:
        """See `payload.py`."""
        from hivemind_skillopt.adapters.codex import payload

        return payload.read_events(item, str(self.home(item.carried)))

    def read_transcript(self, window: JudgmentWindow) -> Conversation | None:
        """See `transcript.py`."""
        from hivemind_skillopt.adapters.codex import transcript

        return transcript.read_transcript(window)

    def renders_as(self, skill_md: str, body: str) -> bool:
        """Codex changes nothing: a mention and a reading show the file as it is."""
        return body == skill_md

    def hook_files(self, home: Path, route: str) -> tuple[Path, ...]:
        """See `install.py`."""
        from hivemind_skillopt.adapters.codex import install

        return install.hook_files(home, route)

    def with_hooks(self, file: Path, text: str | None, launcher: Path) -> str:
        """See `install.py`."""
        from hivemind_skillopt.adapters.codex import install

        return install.with_hooks(file, text, launcher)

    def without_hooks(self, file: Path, text: str, launcher: Path, before: str | None) -> str | None:
        """See `install.py`."""
        from hivemind_skillopt.adapters.codex import install

        return install.without_hooks(file, text, launcher, before)

    def hook_probes(self, texts: Mapping[Path, str], launcher: Path, skill: str) -> list[HookProbe]:
        """See `probes.py`."""
        from hivemind_skillopt.adapters.codex import probes

        return probes.hook_probes(texts, launcher, skill)

    def switched_off(self, home: Path) -> str:
        """See `trust.py`."""
        from hivemind_skillopt.adapters.codex import trust

        return trust.switched_off(home)

    def untrusted(self, home: Path, launcher: Path, run: RunProgram) -> str:
        """See `trust.py`."""
        from hivemind_skillopt.adapters.codex import trust

        return trust.untrusted(home, launcher, run)

    def to_trust(self, home: Path, launcher: Path, run: RunProgram) -> list[HookTrust]:
        """See `trust.py`."""
        from hivemind_skillopt.adapters.codex import trust

        return trust.to_trust(home, launcher, run)

    def trust_hooks(self, hooks: Sequence[HookTrust], run: RunProgram) -> None:
        """See `trust.py`."""
        from hivemind_skillopt.adapters.codex import trust

        trust.trust(hooks, run)

    def cli(self) -> AgentCli:
        """`codex exec`, read-only, without hooks or a session."""
        from hivemind_skillopt.adapters.codex.cli import CodexCli

        return CodexCli()
