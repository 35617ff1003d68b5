"""The Hermes adapter: the few names that every harness has, in the same order.

The rest is imported where it is used: most commands ask a harness for its names and its home only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from hivemind_skillopt.events import InboxItem, SeenEvent
from hivemind_skillopt.harness import AgentCli, HookProbe, RunProgram
from hivemind_skillopt.judgment_window import JudgmentWindow
from hivemind_skillopt.ports import Conversation


class Hermes:
    """Implements `ports.HarnessAdapter`."""

    name = "hermes"
    title = "Hermes"
    seen_version = "0.19.0"
    trust = "a plugin that config.yaml enables needs no more trust"
    home_variable = "HERMES_HOME"
    routes: tuple[str, ...] = ("plugin",)

    def home(self, environ: Mapping[str, str]) -> Path:
        """`HERMES_HOME`, which Hermes itself sets for a profile, else `~/.hermes`."""
        chosen = environ.get(self.home_variable, "")
        return Path(chosen) if chosen else Path(environ.get("HOME") or Path.home()) / ".hermes"

    def skill_root(self, home: Path) -> Path:
        """See `install.py`."""
        from hivemind_skillopt.adapters.hermes import install

        return install.skill_root(home)

    def events(self, item: InboxItem) -> Sequence[SeenEvent]:
        """See `payload.py`."""
        from hivemind_skillopt.adapters.hermes import payload

        return list(payload.read_events(item, str(self.home(item.carried))))

    def read_transcript(self, window: JudgmentWindow) -> Conversation | None:
        """See `transcript.py`."""
        from hivemind_skillopt.adapters.hermes import transcript

        invoked = transcript.Invoked(
            session_id=window.invocation.session_id,
            skill=str(window.invocation.ref),
            tool_use_id=window.tool_use_id,
            agent_id=window.agent_id,
            at=window.opened_at,
        )
        return transcript.read_transcript(window.transcript_path, invoked)

    def renders_as(self, skill_md: str, body: str) -> bool:
        """See `skill_body.py`."""
        from hivemind_skillopt.adapters.hermes import skill_body

        return skill_body.renders_as(skill_md, body)

    def hook_files(self, home: Path, route: str) -> tuple[Path, ...]:
        """See `install.py`."""
        from hivemind_skillopt.adapters.hermes import install

        return install.hook_files(home)

    def with_hooks(self, file: Path, text: str | None, launcher: Path) -> str:
        """See `install.py`."""
        from hivemind_skillopt.adapters.hermes import install

        return install.with_hooks(file, text, launcher)

    def without_hooks(self, file: Path, text: str, launcher: Path, before: str | None) -> str | None:
        """See `install.py`."""
        from hivemind_skillopt.adapters.hermes import install

        return install.without_hooks(file, text, before)

    def hook_probes(self, texts: Mapping[Path, str], launcher: Path, skill: str) -> list[HookProbe]:
        """See `probes.py`."""
        from hivemind_skillopt.adapters.hermes import probes

        return probes.hook_probes(texts, launcher, skill)

    def switched_off(self, home: Path) -> str:
        """See `config_file.py`."""
        from hivemind_skillopt.adapters.hermes import config_file, install

        return config_file.switched_off(home / install.CONFIG)

    def untrusted(self, home: Path, launcher: Path, run: RunProgram) -> str:
        """Hermes asks for no trust; but `hermes profile use` may have chosen another home."""
        from hivemind_skillopt.adapters.hermes import config_file

        return config_file.another_profile(home)

    def cli(self) -> AgentCli:
        """`hermes chat` without tools, plugins or a session to resume."""
        from hivemind_skillopt.adapters.hermes.cli import HermesCli

        return HermesCli()
