"""Cursor: IDE and CLI. Facts and payloads are from documents; nothing here was run with the real program."""

from __future__ import annotations

from hivemind_skillopt.adapters.cursor.adapter import Cursor

__all__ = ["Cursor"]
