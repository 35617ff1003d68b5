"""Chat completions through OpenAI's SDK: the API that most compatible servers speak."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from hivemind_skillopt.errors import SettingsError
from hivemind_skillopt.model import Usage
from hivemind_skillopt.ports import Answer, Question, UnusableAnswer
from hivemind_skillopt.scorers.agent_cli import TIMEOUT_SECONDS
from hivemind_skillopt.scorers.api_answer import Tokens, usable_answer
from hivemind_skillopt.settings import ModelApi

if TYPE_CHECKING:
    from openai import AsyncOpenAI

BASE_URL = "https://api.openai.com/v1"

ENDS = frozenset({"stop"})
"""The `finish_reason` of a whole answer. All others (`length`, `content_filter`, ...) leave none that may be read."""


class _Usage(BaseModel):
    model_config = ConfigDict(extra="ignore")
    prompt_tokens: Tokens
    completion_tokens: Tokens = 0


class _Message(BaseModel):
    model_config = ConfigDict(extra="ignore")
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    model_config = ConfigDict(extra="ignore")
    message: _Message
    finish_reason: str | None = None


class _Completion(BaseModel):
    model_config = ConfigDict(extra="ignore")
    choices: Annotated[list[_Choice], Field(min_length=1)]
    usage: _Usage | None = None


class OpenAIScorer:
    """One request, no retry of its own. It has no default model: each compatible server has names of its own."""

    name = "openai"

    def __init__(self, api: ModelApi, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._api = api
        self._timeout = timeout_seconds

    def ask(self, question: Question) -> Answer:
        """One call. Raises ScorerFailed, SettingsError."""
        from hivemind_skillopt.scorers import sdk

        self._refuse_unset(question)
        completion = sdk.parsed(self.name, _Completion, sdk.within(self._timeout, self.name, self._send(question)))
        choice, usage = completion.choices[0], self._usage(question.model, completion.usage)
        if choice.message.refusal:
            raise UnusableAnswer("openai: the model refused", usage)
        return usable_answer(self.name, choice.message.content or "", choice.finish_reason, ENDS, usage)

    def _refuse_unset(self, question: Question) -> None:
        if not self._api.api_key:
            raise SettingsError("the scorer openai needs a key; set OPENAI_API_KEY (any word if your server has none)")
        if not question.model:
            raise SettingsError(
                "the scorer openai needs a model; set HIVEMIND_SKILLOPT_CLAUDE_CODE_MODEL (or your harness's)"
            )

    async def _send(self, question: Question) -> bytes:
        from hivemind_skillopt.scorers import sdk

        wanted = {"name": question.role, "schema": dict(question.schema)}
        async with self._client() as client:
            send = partial(self._create, client, question)
            return await sdk.structured_or_plain(
                send, {"response_format": {"type": "json_schema", "json_schema": wanted}}
            )

    def _client(self) -> AsyncOpenAI:
        """A redirect is not followed: it would take the conversation along."""
        from openai import AsyncOpenAI, DefaultAsyncHttpxClient

        return AsyncOpenAI(
            api_key=self._api.api_key,
            base_url=self._api.base_url or BASE_URL,
            timeout=self._timeout,
            max_retries=0,
            http_client=DefaultAsyncHttpxClient(follow_redirects=False),
        )

    async def _create(self, client: AsyncOpenAI, question: Question, fields: Mapping[str, object]) -> bytes:
        from openai import OpenAIError

        from hivemind_skillopt.scorers import sdk

        with sdk.told(self.name, self._api, OpenAIError):
            async with client.chat.completions.with_streaming_response.create(
                model=question.model,
                messages=[
                    {"role": "system", "content": question.system},
                    {"role": "user", "content": question.prompt},
                ],
                extra_body=fields,
            ) as response:
                return await sdk.whole(response.iter_bytes())

    def _usage(self, model: str, used: _Usage | None) -> Usage:
        """The API tells tokens, never money."""
        return Usage(
            self.name, model, 1, used.prompt_tokens if used else None, used.completion_tokens if used else None
        )
