"""Claude Code. Facts and recorded payloads: the project's harness contract; seen in 2.1.197."""

from __future__ import annotations

from hivemind_skillopt.adapters.claude_code.adapter import ClaudeCode

__all__ = ["ClaudeCode"]
