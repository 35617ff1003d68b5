"""The pi adapter: the few names that every harness has, in the same order.

The rest is imported where it is used: most commands ask a harness for its names and its home only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from hivemind_skillopt.events import InboxItem, SeenEvent
from hivemind_skillopt.harness import AgentCli, HookProbe, RunProgram
from hivemind_skillopt.judgment_window import JudgmentWindow
from hivemind_skillopt.ports import Conversation


class Pi:
    """Implements `ports.HarnessAdapter`."""

    name = "pi"
    title = "pi"
    seen_version = "0.87.1"
    trust = "an extension in the user's own folder needs no trust"
    home_variable = "PI_CODING_AGENT_DIR"
    routes: tuple[str, ...] = ("extension",)

    def home(self, environ: Mapping[str, str]) -> Path:
        """`PI_CODING_AGENT_DIR`, in which pi knows `~`; else `~/.pi/agent`."""
        user_home = Path(environ.get("HOME") or Path.home())
        chosen = environ.get(self.home_variable, "")
        if chosen == "~" or chosen.startswith("~/"):
            return user_home / chosen[2:]
        return Path(chosen) if chosen else user_home / ".pi" / "agent"

    def skill_root(self, home: Path) -> Path:
        """The user's skills, which win over those of the same name elsewhere; pi follows links in it."""
        return home / "skills"

    def events(self, item: InboxItem) -> Sequence[SeenEvent]:
        """See `payload.py`."""
        from hivemind_skillopt.adapters.pi import payload

        return payload.read_events(item, str(self.home(item.carried)))

    def read_transcript(self, window: JudgmentWindow) -> Conversation | None:
        """See `transcript.py`."""
        from hivemind_skillopt.adapters.pi import transcript

        invoked = transcript.Invoked(
            skill=str(window.invocation.ref),
            at=window.opened_at,
            tool_use_id=window.tool_use_id,
            link=window.link,
        )
        return transcript.read_transcript(window.transcript_path, invoked) if window.transcript_path else None

    def renders_as(self, skill_md: str, body: str) -> bool:
        """See `skill_body.py`."""
        from hivemind_skillopt.adapters.pi import skill_body

        return skill_body.renders_as(skill_md, body)

    def hook_files(self, home: Path, route: str) -> tuple[Path, ...]:
        """pi loads every file of that folder, in every project."""
        from hivemind_skillopt.adapters.pi import install

        return (home / "extensions" / install.NAME,)

    def with_hooks(self, file: Path, text: str | None, launcher: Path) -> str:
        """See `install.py`."""
        from hivemind_skillopt.adapters.pi import install

        return install.with_hooks(file, text, launcher)

    def without_hooks(self, file: Path, text: str, launcher: Path, before: str | None) -> str | None:
        """See `install.py`."""
        from hivemind_skillopt.adapters.pi import install

        return install.without_hooks(text, before)

    def hook_probes(self, texts: Mapping[Path, str], launcher: Path, skill: str) -> list[HookProbe]:
        """See `probes.py`."""
        from hivemind_skillopt.adapters.pi import probes

        (file,) = texts
        return probes.hook_probes(file, skill)

    def switched_off(self, home: Path) -> str:
        """See `settings_file.py`."""
        from hivemind_skillopt.adapters.pi import settings_file

        return settings_file.switched_off(home, *self.hook_files(home, ""))

    def untrusted(self, home: Path, launcher: Path, run: RunProgram) -> str:
        """The user's own extensions are loaded as they are."""
        return ""

    def cli(self) -> AgentCli:
        """`pi -p` without tools, extensions or a session."""
        from hivemind_skillopt.adapters.pi.cli import PiCli

        return PiCli()
