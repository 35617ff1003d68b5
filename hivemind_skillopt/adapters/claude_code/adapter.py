"""The Claude Code adapter: the few names that every harness has, in the same order.

The rest is imported where it is used: most commands ask a harness for its names and its home only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hivemind_skillopt.adapters.cursor import Cursor
from hivemind_skillopt.events import InboxItem, SeenEvent
from hivemind_skillopt.harness import AgentCli, HookProbe, RunProgram
from hivemind_skillopt.judgment_window import JudgmentWindow
from hivemind_skillopt.ports import Conversation


class ClaudeCode:
    """Implements `ports.HarnessAdapter`."""

    name = "claude_code"
    title = "Claude Code"
    seen_version = "2.1.197"
    trust = "hooks in user settings need no trust"
    home_variable = "CLAUDE_CONFIG_DIR"
    routes: tuple[str, ...] = ("settings",)

    def home(self, environ: Mapping[str, str]) -> Path:
        """`CLAUDE_CONFIG_DIR`, else `~/.claude`."""
        chosen = environ.get(self.home_variable, "")
        return Path(chosen) if chosen else Path(environ.get("HOME") or Path.home()) / ".claude"

    def skill_root(self, home: Path) -> Path:
        """The user's skills; Claude Code follows links in it."""
        return home / "skills"

    def events(self, item: InboxItem) -> Sequence[SeenEvent]:
        """See `payload.py`. Cursor runs these hooks, too; what it tells is its own (docs/decisions/0016)."""
        from hivemind_skillopt.adapters.claude_code import payload
        from hivemind_skillopt.adapters.cursor.payload import is_from_cursor

        if is_from_cursor(item.payload):
            return Cursor().events(replace(item, harness=Cursor.name))
        event = payload.read_event(item, str(self.home(item.carried)))
        return [event] if event else []

    def read_transcript(self, window: JudgmentWindow) -> Conversation | None:
        """See `transcript.py`."""
        from hivemind_skillopt.adapters.claude_code import transcript

        invoked = transcript.Invoked(
            session_id=window.invocation.session_id,
            skill=str(window.invocation.ref),
            tool_use_id=window.tool_use_id,
            prompt_id=window.prompt_id,
            agent_id=window.agent_id,
            link=window.link,
        )
        return transcript.read_transcript(window.transcript_path, invoked) if window.transcript_path else None

    def renders_as(self, skill_md: str, body: str) -> bool:
        """See `skill_body.py`."""
        from hivemind_skillopt.adapters.claude_code import skill_body

        return skill_body.renders_as(skill_md, body)

    def hook_files(self, home: Path, route: str) -> tuple[Path, ...]:
        """User settings: hooks there fire from the first run on, in every project (docs/decisions/0002)."""
        return (home / "settings.json",)

    def with_hooks(self, file: Path, text: str | None, launcher: Path) -> str:
        """See `install.py`."""
        from hivemind_skillopt.adapters.claude_code import install

        return install.with_hooks(text, launcher)

    def without_hooks(self, file: Path, text: str, launcher: Path, before: str | None) -> str | None:
        """See `install.py`."""
        from hivemind_skillopt.adapters.claude_code import install

        return install.without_hooks(text, launcher, before)

    def hook_probes(self, texts: Mapping[Path, str], launcher: Path, skill: str) -> list[HookProbe]:
        """See `probes.py`."""
        from hivemind_skillopt.adapters.claude_code import install, probes

        (text,) = texts.values()
        return probes.hook_probes(install.installed_commands(text, launcher), skill)

    def switched_off(self, home: Path) -> str:
        """See `settings_file.py`."""
        from hivemind_skillopt.adapters.claude_code import settings_file

        return settings_file.switched_off(home)

    def untrusted(self, home: Path, launcher: Path, run: RunProgram) -> str:
        """User settings are trusted as they are."""
        return ""

    def cli(self) -> AgentCli:
        """`claude -p` without tools, hooks or a session."""
        from hivemind_skillopt.adapters.claude_code.cli import ClaudeCodeCli

        return ClaudeCodeCli()
