"""A plugin that cannot be loaded: its own dependency is missing."""

from __future__ import annotations

raise ImportError("tiny_broken needs a package that nobody installed")
