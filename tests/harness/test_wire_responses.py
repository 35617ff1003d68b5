"""The Responses API of the fake model, as the official SDK understands it, asked as Codex asks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import openai
import pytest
from openai.types.responses import Response

from tests.harness.fake_model import FakeModel, Policy, Reply, ScriptedAgent

JUDGE = "hivemind-skillopt/judge prompt v1\nYou judge."
VERDICT = {"outcome": "skill_fault", "confidence": 0.9}
ENVIRONMENT = "<environment_context>\n  <cwd>/home/dev/project</cwd>\n</environment_context>"
SHELL = {"type": "function", "name": "exec_command", "parameters": {}, "strict": False}
CODE_MODE = {"type": "custom", "name": "exec"}


@contextmanager
def serving(policy: Policy) -> Iterator[tuple[FakeModel, openai.OpenAI]]:
    with FakeModel(policy) as model, openai.OpenAI(api_key="k", base_url=f"{model.url}/v1", max_retries=0) as client:
        yield model, client


def ask(client: openai.OpenAI, *items: dict[str, Any], stream: bool = False, **more: Any) -> Response:
    given: Any = {"model": "m", "input": list(items), "tools": [SHELL, CODE_MODE], **more}
    if not stream:
        response: Response = client.responses.create(**given)
        return response
    with client.responses.stream(**given) as events:
        return events.get_final_response()


def said(role: str, text: str) -> dict[str, Any]:
    return {"type": "message", "role": role, "content": [{"type": "input_text", "text": text}]}


def turn(response: Response, output: Any) -> list[dict[str, Any]]:
    """What the model said, and the output of its calls, as Codex sends them back."""
    items = [item.model_dump(exclude_none=True, exclude={"parsed_arguments"}) for item in response.output]
    calls = [item for item in items if "call_id" in item]
    return [*items, *({"type": f"{c['type']}_output", "call_id": c["call_id"], "output": output} for c in calls)]


@pytest.mark.parametrize("stream", [False, True])
def test_text_and_both_kinds_of_calls_arrive(stream: bool) -> None:
    reply = Reply.tools([("exec_command", {"cmd": "ls"}), ("exec", {"input": "text(1)"})], said="I will.")
    with serving(lambda _: reply) as (model, client):
        response = ask(client, said("user", "hi"), stream=stream)
    assert response.output_text == "I will."
    message, function, custom = response.output
    assert function.type == "function_call"
    assert (function.name, json.loads(function.arguments)) == ("exec_command", {"cmd": "ls"})
    assert custom.type == "custom_tool_call"
    assert (custom.name, custom.input) == ("exec", "text(1)")
    assert (message.type, response.status) == ("message", "completed")
    assert response.usage is not None
    assert response.usage.total_tokens == 120
    assert [(request.stream, request.tools) for request in model.requests] == [(stream, ("exec_command", "exec"))]


def test_an_answer_cut_by_its_length_says_so() -> None:
    with serving(lambda _: Reply.cut_by_length("half of")) as (_, client):
        whole = ask(client, said("user", "hi"))
        *_, last = client.responses.create(model="m", input="hi", stream=True)
    assert last.type == "response.incomplete"
    for response in (whole, last.response):
        assert (response.output_text, response.status) == ("half of", "incomplete")
        assert response.incomplete_details is not None
        assert response.incomplete_details.reason == "max_output_tokens"


def test_the_events_are_those_that_codex_waits_for() -> None:
    with serving(lambda _: Reply.text("hello")) as (_, client):
        events = list(client.responses.create(model="m", input="hi", stream=True))
    assert [event.type.removeprefix("response.") for event in events] == [
        "created",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert [event.sequence_number for event in events] == list(range(8))


@pytest.mark.parametrize(
    ("tool", "key", "output"),
    [("exec_command", "cmd", "made"), ("exec", "input", [{"type": "input_text", "text": "made"}])],
)
def test_one_tool_serves_the_skill_and_the_shell(tool: str, key: str, output: Any) -> None:
    agent = ScriptedAgent(
        skill_for={"deploy": ["deploy--alice"]},
        bash_for={"deploy": "make"},
        use_skill=lambda name: (tool, {key: f"cat {name}/SKILL.md"}),
        use_shell=lambda command: (tool, {key: command}),
    )
    with serving(agent) as (model, client):
        items = [said("developer", "<skills_instructions>"), said("user", ENVIRONMENT), said("user", "please deploy")]
        for _ in range(3):
            response = ask(client, *items, instructions="You are an agent.")
            items += turn(response, output)
    assert response.output_text == "Done."
    assert [block.text for block in model.requests[-1].tool_results_since_human] == ["made", "made"]
    assert model.requests[-1].has_result_of(tool)
    assert {request.last_human for request in model.requests} == {"please deploy"}
    assert model.requests[0].system == "You are an agent.\n<skills_instructions>"


def test_a_mentioned_skill_is_not_called() -> None:
    body = "<skill>\n<name>deploy--alice</name>\n<path>SKILL.md</path>\n1. Run make\n</skill>"
    with serving(ScriptedAgent(skill_for={"deploy": ["deploy--alice"]})) as (model, client):
        response = ask(client, said("user", "use $deploy--alice now"), said("user", body))
    assert response.output_text == "Done."
    assert model.requests[0].last_human == "use $deploy--alice now"


def test_the_tools_of_code_mode_come_as_an_item_with_namespaces() -> None:
    spawn = {"type": "function", "name": "spawn_agent"}
    namespaces = [
        {"type": "namespace", "name": name, "tools": [tool]}
        for name, tool in (("functions", CODE_MODE), ("team", spawn))
    ]
    late = {"type": "additional_tools", "role": "developer", "tools": namespaces}
    reply = Reply.tools([("exec", {"input": "text(1)"}), ("spawn_agent", {"message": "go"})])
    with serving(lambda _: reply) as (model, client):
        response = ask(client, late, said("user", "hi"), tools=[])
    calls = [item.model_dump(include={"type", "namespace"}) for item in response.output]
    assert calls == [
        {"type": "custom_tool_call", "namespace": "functions"},
        {"type": "function_call", "namespace": "team"},
    ]
    assert model.requests[0].tools == ("exec", "spawn_agent")


@pytest.mark.parametrize("stream", [False, True])
def test_a_judge_that_is_told_all_in_one_prompt_answers_as_text(stream: bool) -> None:
    with serving(ScriptedAgent(judge=VERDICT)) as (model, client):
        response = ask(client, said("user", ENVIRONMENT), said("user", f"{JUDGE}\n\nthe window"), stream=stream)
    assert json.loads(response.output_text) == VERDICT
    assert model.count("judge") == 1


def test_a_title_is_not_scripted() -> None:
    """Code mode has tools even here."""
    with serving(ScriptedAgent()) as (model, client):
        prompt = said("user", "Generate a concise, single-line task title of at most 36 characters.")
        response = ask(client, said("user", ENVIRONMENT), prompt, tools=[CODE_MODE])
    assert json.loads(response.output_text) == {"title": "A scripted session"}
    assert model.count("title") == 1


@pytest.mark.parametrize("stream", [False, True])
def test_what_goes_wrong_goes_wrong(stream: bool) -> None:
    replies = iter([Reply.error(401, "no such key"), Reply.truncated(), Reply.hang(0)])
    with serving(lambda _: next(replies)) as (_, client):
        with pytest.raises(openai.AuthenticationError, match="no such key") as refused:
            ask(client, said("user", "hi"), stream=stream)
        for _ in ("truncated", "hang"):
            with pytest.raises(openai.APIConnectionError):
                ask(client, said("user", "hi"), stream=stream)
    assert refused.value.type == "api_error"
