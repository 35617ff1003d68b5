"""What a harness's own program says of its failure, as it may stand in a log and in `status`."""

from __future__ import annotations

import re

from hivemind_skillopt.redaction import redact

MAX_CHARS = 200

_ADDRESS = re.compile(r",? (?:url: )?\bhttps?://\S+")
"""A server's address may hold a key, and a log needs none."""


def failure(said: str) -> str:
    """Without addresses and secrets, then cut: half of a secret would not be known as one."""
    return redact(_ADDRESS.sub("", said))[:MAX_CHARS]
