"""How Codex hashes a group of hooks when its user trusts it (contract 2, reproduced)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

_WORD = re.compile(r"(?<!^)(?=[A-Z])")


def of(event: str, group: Mapping[str, Any]) -> str:
    """Of a group with one hook, whose defaults are filled in as Codex does."""
    (hook,) = group["hooks"]
    value = {"event_name": snake(event), "hooks": [{"async": False, **hook}]}
    if group.get("matcher"):
        value["matcher"] = group["matcher"]
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def snake(event: str) -> str:
    """The event's name in keys and hashes."""
    return _WORD.sub("_", event).lower()
