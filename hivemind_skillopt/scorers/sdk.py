"""One call through a vendor's SDK: it ends, it stays small, and its errors tell no secret.

Imported when a call is made, not before: it brings the SDKs' HTTP client along.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import httpx2
from pydantic import BaseModel, ValidationError

from hivemind_skillopt.errors import ScorerFailed
from hivemind_skillopt.redaction import redact
from hivemind_skillopt.settings import ModelApi

MAX_ANSWER_BYTES = 4 << 20
"""A proposal has at most some hundred kilobytes."""

MAX_SAID_CHARS = 200

Send = Callable[[Mapping[str, object]], Awaitable[bytes]]
Shape = TypeVar("Shape", bound=BaseModel)


class StatusFailed(ScorerFailed):
    """The server answered with an error status. `said`: its own words, secrets removed."""

    def __init__(self, name: str, status: int, said: str) -> None:
        super().__init__(f"{name}: HTTP {status}" + (f": {said[:MAX_SAID_CHARS]}" if said else ""))
        self.said = said


def within(seconds: float, name: str, sending: Coroutine[None, None, bytes]) -> bytes:
    """The body of the answer. The limit is for all of it: an HTTP client's own starts anew with each byte."""

    async def limited() -> bytes:
        async with asyncio.timeout(seconds):
            return await sending

    try:
        return asyncio.run(limited())
    except TimeoutError:
        raise ScorerFailed(f"{name} did not answer within {seconds:g} s") from None
    except ScorerFailed:
        raise
    except Exception as error:  # noqa: BLE001  a base URL that is none, a key that fits in no header: no end of kinds
        raise ScorerFailed(f"{name} cannot be asked: {type(error).__name__}") from None


async def structured_or_plain(send: Send, fields: Mapping[str, object]) -> bytes:
    """Ask with the fields that demand the schema; a server that refuses those is asked without them.

    Nothing is lost but a guarantee: the prompt asks for the same JSON, and the answer is validated anyway.
    """
    try:
        return await send(fields)
    except StatusFailed as error:
        if not any(name in error.said for name in ("json_schema", *fields)):
            raise
    return await send({})


async def whole(chunks: AsyncIterator[bytes]) -> bytes:
    """All of a body that is small enough."""
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise ScorerFailed(f"the answer is larger than {MAX_ANSWER_BYTES} bytes")
    return bytes(body)


@contextmanager
def told(name: str, api: ModelApi, sdk_error: type[Exception]) -> Iterator[None]:
    """The SDK's errors as ours."""
    try:
        yield
    except sdk_error as error:
        if isinstance(error.__cause__, httpx2.TimeoutException):
            raise TimeoutError from None
        status = getattr(error, "status_code", None)
        if isinstance(status, int):
            raise StatusFailed(name, status, _said(getattr(error, "body", None), status, api)) from None
        raise ScorerFailed(f"{name} cannot be reached: {_reason(error.__cause__ or error)}") from None
    except httpx2.HTTPError as error:  # the SDKs do not translate what happens while a body is read
        raise ScorerFailed(f"{name} cannot be reached: {_reason(error)}") from None


def parsed(name: str, shape: type[Shape], body: bytes) -> Shape:
    """The answer's envelope. Raises ScorerFailed."""
    try:
        return shape.model_validate_json(body)
    except ValidationError:
        raise ScorerFailed(f"{name} did not answer as its API does; is the base URL right?") from None


def _said(body: object, status: int, api: ModelApi) -> str:
    if 300 <= status < 400:
        return "redirects are not followed; set the final base URL"
    inner = body.get("error", body) if isinstance(body, dict) else None
    message = inner.get("message", "") if isinstance(inner, dict) else inner
    text = " ".join(message.split()) if isinstance(message, str) else ""
    for secret in filter(None, (api.api_key, api.auth_token)):
        text = text.replace(secret, "[key]")
    return redact(text)


def _reason(error: BaseException) -> str:
    """The text of a failed connection is the system's; others may hold a header, so their kind has to do."""
    return redact(str(error)) if isinstance(error, httpx2.ConnectError) else type(error).__name__
