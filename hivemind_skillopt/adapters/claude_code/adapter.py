"""The Claude Code adapter: the few names that every harness has, in the same order."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hivemind_skillopt.adapters.claude_code import install, payload, probes, settings_file, skill_body, transcript
from hivemind_skillopt.adapters.claude_code.cli import ClaudeCodeCli
from hivemind_skillopt.events import InboxItem, SeenEvent
from hivemind_skillopt.judgment_window import JudgmentWindow
from hivemind_skillopt.ports import AgentCli, Conversation, HookProbe


class ClaudeCode:
    """Implements `ports.HarnessAdapter`."""

    name = payload.HARNESS
    title = "Claude Code"
    seen_version = "2.1.197"
    trust = "hooks in user settings need no trust"

    def home(self, environ: Mapping[str, str]) -> Path:
        """`CLAUDE_CONFIG_DIR`, else `~/.claude`."""
        chosen = environ.get("CLAUDE_CONFIG_DIR", "")
        return Path(chosen) if chosen else Path(environ.get("HOME") or Path.home()) / ".claude"

    def skill_root(self, home: Path) -> Path:
        """The user's skills; Claude Code follows links in it."""
        return home / "skills"

    def event(self, item: InboxItem) -> SeenEvent | None:
        """See `payload.py`."""
        return payload.read_event(item, str(self.home(item.carried)))

    def read_transcript(self, window: JudgmentWindow) -> Conversation | None:
        """See `transcript.py`."""
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
        return skill_body.renders_as(skill_md, body)

    def hook_file(self, home: Path) -> Path:
        """User settings: hooks there fire from the first run on, in every project (docs/decisions/0002)."""
        return home / "settings.json"

    def with_hooks(self, text: str | None, launcher: Path) -> str:
        """See `install.py`."""
        return install.with_hooks(text, launcher)

    def without_hooks(self, text: str, launcher: Path, before: str | None) -> str | None:
        """See `install.py`."""
        return install.without_hooks(text, launcher, before)

    def hook_probes(self, text: str, launcher: Path, skill: str) -> list[HookProbe]:
        """See `probes.py`."""
        return probes.hook_probes(install.installed_commands(text, launcher), skill)

    def switched_off(self, home: Path) -> str:
        """See `settings_file.py`."""
        return settings_file.switched_off(home)

    def cli(self) -> AgentCli:
        """`claude -p` without tools, hooks or a session."""
        return ClaudeCodeCli()
