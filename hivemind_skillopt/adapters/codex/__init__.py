"""Codex. Facts and recorded payloads: the project's harness contract; seen in 0.169.0."""

from __future__ import annotations

from hivemind_skillopt.adapters.codex.adapter import Codex

__all__ = ["Codex"]
