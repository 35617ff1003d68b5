"""What the three model APIs have in common: the interface of a wire module, and content that is a string or parts."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from typing import Protocol

from tests.harness.model_policy import Json, Reply, Request

SYSTEM_ROLES = ("system", "developer")
CREATED = 1_700_000_000
"""Clients want a time of creation and do nothing with it."""


class Wire(Protocol):
    """One model API; a module has these functions. `body` is the request as it came."""

    def parse(self, body: Json) -> Request: ...

    def answer(self, body: Json, reply: Reply) -> Json:
        """A message or a structured reply as the whole JSON response."""
        ...

    def stream(self, body: Json, answer: Json) -> bytes:
        """That response as server-sent events, in one go: no client can tell."""
        ...

    def error(self, said: str) -> Json: ...


def parts(content: str | list[Json] | None) -> list[Json]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content or []


def text_of(content: str | list[Json] | None) -> str:
    return "\n".join(part.get("text", "") for part in parts(content))


def spoken(reply: Reply) -> str:
    """The text of a reply where a structured answer is JSON text, too."""
    return json.dumps(reply.answer) if reply.kind == "structured" else reply.said


def new_id(prefix: str) -> str:
    return f"{prefix}_{uuid.uuid4().hex[:24]}"


def typed_events(events: Iterable[Json]) -> bytes:
    """Server-sent events that are named by their type."""
    return "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events).encode()
