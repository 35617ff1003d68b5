"""pi. Facts and recorded payloads: the project's harness contract; seen in 0.74.2 and 0.87.1."""

from __future__ import annotations

from hivemind_skillopt.adapters.pi.adapter import Pi

__all__ = ["Pi"]
