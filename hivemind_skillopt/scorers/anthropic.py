"""The Messages API through Anthropic's SDK, at the vendor or at any server that speaks it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from hivemind_skillopt.errors import SettingsError
from hivemind_skillopt.model import Usage
from hivemind_skillopt.ports import Answer, Question
from hivemind_skillopt.scorers.agent_cli import TIMEOUT_SECONDS
from hivemind_skillopt.scorers.api_answer import Tokens, usable_answer
from hivemind_skillopt.settings import ModelApi

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

BASE_URL = "https://api.anthropic.com"

DEFAULT_MODELS = {"judge": "claude-haiku-5-5", "proposer": "claude-sonnet-5-5"}
"""A small model judges, a larger one writes: what `haiku` and `sonnet` mean in the SDK's own list, version 2.12."""

MAX_TOKENS = 16_000
"""Of an answer, the model's thinking included."""

ENDS = frozenset({"end_turn", "stop_sequence"})
"""Of a whole answer. All others (`max_tokens`, `refusal`, ...) leave no answer that may be read."""


class _Usage(BaseModel):
    model_config = ConfigDict(extra="ignore")
    input_tokens: Tokens
    output_tokens: Tokens
    cache_creation_input_tokens: Tokens | None = None
    cache_read_input_tokens: Tokens | None = None

    @property
    def read(self) -> int:
        return self.input_tokens + (self.cache_creation_input_tokens or 0) + (self.cache_read_input_tokens or 0)


class _Block(BaseModel):
    model_config = ConfigDict(extra="ignore")
    type: str
    text: str = ""


class _Message(BaseModel):
    model_config = ConfigDict(extra="ignore")
    content: list[_Block]
    stop_reason: str | None = None
    usage: _Usage | None = None


class AnthropicScorer:
    """One request, no retry of its own: trying again is our queue's business."""

    name = "anthropic"

    def __init__(self, api: ModelApi, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._api = api
        self._timeout = timeout_seconds

    def ask(self, question: Question) -> Answer:
        """One call. Raises ScorerFailed, SettingsError."""
        from hivemind_skillopt.scorers import sdk

        if not (self._api.api_key or self._api.auth_token):
            raise SettingsError("the scorer anthropic needs a key; set ANTHROPIC_API_KEY (or ANTHROPIC_AUTH_TOKEN)")
        model = question.model or DEFAULT_MODELS.get(question.role, DEFAULT_MODELS["judge"])
        body = sdk.within(self._timeout, self.name, self._send(model, question))
        message = sdk.parsed(self.name, _Message, body)
        usage = self._usage(model, message.usage)
        text = "".join(block.text for block in message.content if block.type == "text")
        return usable_answer(self.name, text, message.stop_reason, ENDS, usage)

    async def _send(self, model: str, question: Question) -> bytes:
        from anthropic import transform_schema

        from hivemind_skillopt.scorers import sdk

        schema = transform_schema(dict(question.schema))
        async with self._client() as client:
            send = partial(self._create, client, model, question)
            fields = {"output_config": {"format": {"type": "json_schema", "schema": schema}}}
            return await sdk.structured_or_plain(send, fields)

    def _client(self) -> AsyncAnthropic:
        """No tracing, whatever the environment says, and no redirect: it would take key and conversation along.

        The SDK sends a key as `Authorization: Bearer`; many compatible servers look for it where it was before.
        """
        from anthropic import AsyncAnthropic, DefaultAsyncHttpxClient

        api = self._api
        return AsyncAnthropic(
            api_key=api.api_key or None,
            auth_token=None if api.api_key else api.auth_token,
            base_url=api.base_url or BASE_URL,
            timeout=self._timeout,
            max_retries=0,
            open_telemetry=False,
            default_headers={"X-Api-Key": api.api_key} if api.base_url and api.api_key else None,
            http_client=DefaultAsyncHttpxClient(follow_redirects=False),
        )

    async def _create(
        self, client: AsyncAnthropic, model: str, question: Question, fields: Mapping[str, object]
    ) -> bytes:
        from anthropic import AnthropicError

        from hivemind_skillopt.scorers import sdk

        with sdk.told(self.name, self._api, AnthropicError):
            async with client.messages.with_streaming_response.create(
                model=model,
                max_tokens=MAX_TOKENS,
                system=question.system,
                messages=[{"role": "user", "content": question.prompt}],
                extra_body=fields,
            ) as response:
                return await sdk.whole(response.iter_bytes())

    def _usage(self, model: str, used: _Usage | None) -> Usage:
        """The API tells tokens, never money."""
        return Usage(self.name, model, 1, used.read if used else None, used.output_tokens if used else None)
