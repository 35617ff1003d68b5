"""Hermes. Facts and recorded payloads: the project's harness contract; seen in hermes-agent 0.19.0."""

from __future__ import annotations

from hivemind_skillopt.adapters.hermes.adapter import Hermes

__all__ = ["Hermes"]
