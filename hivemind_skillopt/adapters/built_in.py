"""What ships with the product, offered through the same hooks as a third party's.

Scorers and checks are imported when they are asked for: only the loop's jobs and a few commands do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hivemind_skillopt.adapters.claude_code import ClaudeCode
from hivemind_skillopt.adapters.codex import Codex
from hivemind_skillopt.adapters.cursor import Cursor
from hivemind_skillopt.adapters.hermes import Hermes
from hivemind_skillopt.adapters.pi import Pi
from hivemind_skillopt.harness import HarnessAdapter
from hivemind_skillopt.hooks.specs import hookimpl
from hivemind_skillopt.ports import Scorer
from hivemind_skillopt.settings import Settings

if TYPE_CHECKING:
    from hivemind_skillopt.gate.candidate import CheckFunction  # and with it the readers of Markdown


class BuiltInOffers:
    """Adapters, scorers and gate checks. The agent CLI scorer is made of an adapter, so it is not listed here."""

    @hookimpl
    def harness_adapters(self) -> Sequence[HarnessAdapter]:
        """The harnesses we know."""
        return ClaudeCode(), Codex(), Cursor(), Hermes(), Pi()

    @hookimpl
    def scorers(self, settings: Settings) -> Sequence[Scorer]:
        """The two SDKs, and `scripted` for tests and the demo."""
        from hivemind_skillopt.scorers.anthropic import AnthropicScorer
        from hivemind_skillopt.scorers.openai import OpenAIScorer
        from hivemind_skillopt.scorers.scripted import ScriptedScorer

        return AnthropicScorer(settings.anthropic), OpenAIScorer(settings.openai), ScriptedScorer(settings.script)

    @hookimpl
    def gate_checks(self) -> Sequence[CheckFunction]:
        """DESIGN 8."""
        from hivemind_skillopt.gate.decide import BUILT_IN_CHECKS

        return BUILT_IN_CHECKS
