"""OpenAI's chat completions: what pi and Hermes speak."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.harness.model_policy import Block, Call, Json, Message, Reply, Request
from tests.harness.wire import CREATED, SYSTEM_ROLES, new_id, parts, spoken, text_of


def parse(body: Json) -> Request:
    """The request as the wire has it; a `tool` message is a user's message with a tool_result block."""
    names: dict[str, str] = {}
    return Request(
        system="\n".join(text_of(said["content"]) for said in body["messages"] if said["role"] in SYSTEM_ROLES),
        messages=tuple(_message(said, names) for said in body["messages"] if said["role"] not in SYSTEM_ROLES),
        tools=tuple(tool["function"]["name"] for tool in body.get("tools") or ()),
        model=body["model"],
        stream=bool(body.get("stream")),
    )


def answer(body: Json, reply: Reply) -> Json:
    message: Json = {"role": "assistant", "content": spoken(reply) or None}
    if reply.calls:
        message["tool_calls"] = [_tool_call(call) for call in reply.calls]
    choice = {"index": 0, "message": message, "finish_reason": _finish_reason(reply)}
    return {
        "id": new_id("chatcmpl"),
        "object": "chat.completion",
        "created": CREATED,
        "model": body["model"],
        "choices": [choice],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    }


def stream(body: Json, answer: Json) -> bytes:
    with_usage = (body.get("stream_options") or {}).get("include_usage")
    head = {key: answer[key] for key in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    chunks = [{**head, "choices": [choice]} for choice in _choices(answer["choices"][0])]
    if with_usage:
        chunks.append({**head, "choices": [], "usage": answer["usage"]})
    return "".join(f"data: {data}\n\n" for data in [*map(json.dumps, chunks), "[DONE]"]).encode()


def error(said: str) -> Json:
    return {"error": {"message": said, "type": "api_error", "param": None, "code": None}}


def _message(said: Json, names: dict[str, str]) -> Message:
    if said["role"] == "tool":
        answered = said["tool_call_id"]
        result = Block("tool_result", text=text_of(said["content"]), id=answered, name=names.get(answered, ""))
        return Message("user", (result,))
    blocks = [Block(part["type"], text=part.get("text", "")) for part in parts(said.get("content"))]
    for call in said.get("tool_calls") or ():
        name = names[call["id"]] = call["function"]["name"]
        blocks.append(Block("tool_use", text=call["function"]["arguments"], id=call["id"], name=name))
    return Message(said["role"], tuple(blocks))


def _tool_call(call: Call) -> Json:
    function = {"name": call.tool, "arguments": json.dumps(call.input)}
    return {"id": new_id("call"), "type": "function", "function": function}


def _finish_reason(reply: Reply) -> str:
    if reply.kind == "cut_by_length":
        return "length"
    return "tool_calls" if reply.calls else "stop"


def _choices(choice: Json) -> Iterator[Json]:
    """The role, the text, the tool calls and the reason to stop, each in a chunk of its own."""
    message = choice["message"]
    deltas: list[Json] = [{"role": "assistant"}]
    if message["content"]:
        deltas.append({"content": message["content"]})
    deltas += [{"tool_calls": [{"index": index, **call}]} for index, call in enumerate(message.get("tool_calls", ()))]
    yield from ({"index": 0, "delta": delta, "finish_reason": None} for delta in deltas)
    yield {"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}
