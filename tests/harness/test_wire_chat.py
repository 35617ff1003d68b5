"""The chat completions of the fake model, as the official SDK understands them."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import openai
import pytest
from openai.types.chat import ChatCompletion

from tests.harness.fake_model import FakeModel, Policy, Reply, ScriptedAgent

JUDGE = "hivemind-skillopt/judge prompt v1\nYou judge."
VERDICT = {"outcome": "skill_fault", "confidence": 0.9}
TOOLS = [{"type": "function", "function": {"name": name, "parameters": {}}} for name in ("read", "bash")]
READ = ("read", {"path": "skills/deploy--alice/SKILL.md"})


@contextmanager
def serving(policy: Policy) -> Iterator[tuple[FakeModel, openai.OpenAI]]:
    with FakeModel(policy) as model, openai.OpenAI(api_key="k", base_url=f"{model.url}/v1", max_retries=0) as client:
        yield model, client


def ask(client: openai.OpenAI, *messages: dict[str, Any], stream: bool = False) -> ChatCompletion:
    """One call, streamed or not; the SDK puts the chunks together."""
    given: Any = {"model": "m", "messages": list(messages), "tools": TOOLS}
    if not stream:
        completion: ChatCompletion = client.chat.completions.create(**given)
        return completion
    with client.chat.completions.stream(**given, stream_options={"include_usage": True}) as chunks:
        return chunks.get_final_completion()


def human(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": text}]}


def turn(completion: ChatCompletion, *results: str) -> list[dict[str, Any]]:
    """The assistant's message and the results of its tools, as a harness sends them back."""
    message = completion.choices[0].message
    calls = zip(message.tool_calls or [], results, strict=True)
    answered = [{"role": "tool", "tool_call_id": call.id, "content": result} for call, result in calls]
    return [message.model_dump(include={"role", "content", "tool_calls"}), *answered]


@pytest.mark.parametrize("stream", [False, True])
def test_text_and_tool_calls_arrive(stream: bool) -> None:
    reply = Reply.tools([READ, ("bash", {"command": "make"})], said="I will.")
    with serving(lambda _: reply) as (model, client):
        completion = ask(client, human("hi"), stream=stream)
    choice = completion.choices[0]
    calls = [call.function for call in choice.message.tool_calls or [] if call.type == "function"]
    assert (choice.message.content, choice.finish_reason) == ("I will.", "tool_calls")
    assert [(call.name, json.loads(call.arguments)) for call in calls] == [READ, ("bash", {"command": "make"})]
    assert completion.usage is not None
    assert completion.usage.total_tokens == 120
    assert [request.stream for request in model.requests] == [stream]


def test_usage_is_streamed_only_to_who_asks() -> None:
    with serving(lambda _: Reply.text("hello")) as (_, client):
        said: Any = [human("hi")]
        chunks = list(client.chat.completions.create(model="m", messages=said, stream=True))
    assert [chunk.usage for chunk in chunks] == [None] * 3
    assert chunks[-1].choices[0].finish_reason == "stop"


@pytest.mark.parametrize("stream", [False, True])
def test_an_agent_uses_the_skill_then_the_shell_then_ends(stream: bool) -> None:
    agent = ScriptedAgent(
        skill_for={"deploy": ["deploy--alice"]},
        bash_for={"deploy": "make"},
        use_skill=lambda name: ("read", {"path": f"skills/{name}/SKILL.md"}),
        use_shell=lambda command: ("bash", {"command": command}),
    )
    with serving(agent) as (model, client):
        said: list[dict[str, Any]] = [{"role": "system", "content": "You are an agent."}, human("please deploy")]
        said += turn(ask(client, *said, stream=stream), "1. Run make")
        said += turn(ask(client, *said, stream=stream), "made")
        said += turn(ask(client, *said, stream=stream))
        last = ask(client, *said, human("no, wrong"), stream=stream)
    assert said[-1]["content"] == "Done."
    assert last.choices[0].message.content == "Noted."
    assert model.requests[0].system == "You are an agent."
    assert model.requests[0].tools == ("read", "bash")
    assert [(r.last_human, [(t.name, t.text) for t in r.tool_results_since_human]) for r in model.requests] == [
        ("please deploy", []),
        ("please deploy", [("read", "1. Run make")]),
        ("please deploy", [("read", "1. Run make"), ("bash", "made")]),
        ("no, wrong", []),
    ]


@pytest.mark.parametrize("role", ["system", "developer", "user"])
def test_the_judge_is_known_wherever_its_prompt_is_put(role: str) -> None:
    with serving(ScriptedAgent(judge=VERDICT)) as (model, client):
        completion = ask(client, {"role": role, "content": JUDGE}, human("the window"))
    assert json.loads(completion.choices[0].message.content or "") == VERDICT
    assert model.count("judge") == 1


def test_a_signature_in_a_result_or_a_later_prompt_is_nobodys() -> None:
    with serving(lambda _: Reply.tools([READ])) as (model, client):
        said = [human("hi"), *turn(ask(client, human("hi")), JUDGE), human(JUDGE)]
        ask(client, *said)
    assert model.count("agent") == 2


def test_a_title_is_not_scripted() -> None:
    """As Hermes 0.19.0 asks for it."""
    prompt = (
        "Generate a short, descriptive title (3-7 words) for a conversation that starts with the following exchange."
    )
    with serving(ScriptedAgent()) as (model, client):
        said: Any = [{"role": "system", "content": prompt}, human("User: hi\n\nAssistant: hello")]
        completion = client.chat.completions.create(model="m", messages=said)
    assert json.loads(completion.choices[0].message.content or "") == {"title": "A scripted session"}
    assert model.count("title") == 1


@pytest.mark.parametrize("stream", [False, True])
def test_what_goes_wrong_goes_wrong(stream: bool) -> None:
    replies = iter([Reply.error(429, "slow down"), Reply.truncated(), Reply.hang(0)])
    with serving(lambda _: next(replies)) as (_, client):
        with pytest.raises(openai.RateLimitError, match="slow down") as refused:
            ask(client, human("hi"), stream=stream)
        for _ in ("truncated", "hang"):
            with pytest.raises(openai.APIConnectionError):
                ask(client, human("hi"), stream=stream)
    assert refused.value.type == "api_error"


def test_an_answer_cut_by_its_length_says_so() -> None:
    with serving(lambda _: Reply.cut_by_length("half of")) as (_, client):
        (choice,) = ask(client, human("hi")).choices
        said: Any = [human("hi")]
        *_, last = client.chat.completions.create(model="m", messages=said, stream=True)
    assert (choice.message.content, choice.finish_reason) == ("half of", "length")
    assert last.choices[0].finish_reason == "length"


def test_models_are_listed_and_a_probe_for_other_servers_is_expected() -> None:
    with serving(lambda _: Reply.garbage()) as (model, client):
        assert [listed.id for listed in client.models.list()] == ["fake-model", "fake-ok"]
        assert client.models.retrieve("fake-ok").id == "fake-ok"
        assert status(model, "/api/show") == status(model, "/api/chat") == 404
    assert model.unexpected_paths == ["POST /api/chat"]


def status(model: FakeModel, path: str) -> int:
    connection = http.client.HTTPConnection(urlsplit(model.url).netloc, timeout=20)
    connection.request("POST", path, "{}")
    try:
        return connection.getresponse().status
    finally:
        connection.close()
