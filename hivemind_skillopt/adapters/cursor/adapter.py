"""The Cursor adapter: the few names that every harness has, in the same order.

The rest is imported where it is used: most commands ask a harness for its names and its home only.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from hivemind_skillopt.events import InboxItem, SeenEvent
from hivemind_skillopt.harness import AgentCli, HookProbe, RunProgram
from hivemind_skillopt.judgment_window import JudgmentWindow
from hivemind_skillopt.ports import Conversation


class Cursor:
    """Implements `ports.HarnessAdapter`."""

    name = "cursor"
    title = "Cursor"
    seen_version = "documents of 2026-09 only"
    trust = "hooks in the user's hooks.json need no trust"
    home_variable = ""
    routes: tuple[str, ...] = ("hooks.json",)

    def home(self, environ: Mapping[str, str]) -> Path:
        """`~/.cursor`; no variable is known that moves it."""
        return Path(environ.get("HOME") or Path.home()) / ".cursor"

    def skill_root(self, home: Path) -> Path:
        """The one of its roots that no switch of Cursor turns off (docs/decisions/0016)."""
        return home / "skills"

    def events(self, item: InboxItem) -> Sequence[SeenEvent]:
        """See `payload.py`."""
        from hivemind_skillopt.adapters.cursor import payload

        return payload.read_events(item, str(self.home(item.carried)))

    def read_transcript(self, window: JudgmentWindow) -> Conversation | None:
        """See `transcript.py`."""
        from hivemind_skillopt.adapters.cursor import transcript

        return transcript.read_transcript(window) if window.transcript_path else None

    def renders_as(self, skill_md: str, body: str) -> bool:
        """Never asked: no body is found in a transcript."""
        return False

    def hook_files(self, home: Path, route: str) -> tuple[Path, ...]:
        """The user's hooks fire in every project; not in cloud agents, which read a repository's file only."""
        return (home / "hooks.json",)

    def with_hooks(self, file: Path, text: str | None, launcher: Path) -> str:
        """See `install.py`."""
        from hivemind_skillopt.adapters.cursor import install

        return install.with_hooks(text, launcher)

    def without_hooks(self, file: Path, text: str, launcher: Path, before: str | None) -> str | None:
        """See `install.py`."""
        from hivemind_skillopt.adapters.cursor import install

        return install.without_hooks(text, launcher, before)

    def hook_probes(self, texts: Mapping[Path, str], launcher: Path, skill: str) -> list[HookProbe]:
        """See `probes.py`."""
        from hivemind_skillopt.adapters.cursor import install, probes

        (text,) = texts.values()
        return probes.hook_probes(install.installed_commands(text, launcher), skill)

    def switched_off(self, home: Path) -> str:
        """See `hooks_file.py`."""
        from hivemind_skillopt.adapters.cursor import hooks_file

        return hooks_file.switched_off(home / "hooks.json")

    def untrusted(self, home: Path, launcher: Path, run: RunProgram) -> str:
        """User hooks are trusted as they are."""
        return ""

    def cli(self) -> AgentCli:
        """The one of its two names that is on the PATH."""
        from hivemind_skillopt.adapters.cursor.cli import PROGRAMS, CursorCli

        return CursorCli(next(filter(shutil.which, PROGRAMS), PROGRAMS[0]))
