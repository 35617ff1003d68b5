"""Anthropic's Messages API: what Claude Code speaks."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.harness.model_policy import Block, Json, Message, Reply, Request
from tests.harness.wire import new_id, parts, spoken, text_of, typed_events

STRUCTURED_OUTPUT = "StructuredOutput"  # the one tool that `claude --json-schema` offers


def parse(body: Json, *, counts_tokens: bool = False) -> Request:
    """The request as the wire has it; results get the name of the tool that they answer."""
    names: dict[str, str] = {}
    messages = tuple(
        Message(message["role"], tuple(_block(part, names) for part in parts(message["content"])))
        for message in body["messages"]
    )
    return Request(
        system=text_of(body.get("system")),
        messages=messages,
        tools=tuple(tool["name"] for tool in body.get("tools", ())),
        model=body["model"],
        stream=bool(body.get("stream")),
        counts_tokens=counts_tokens,
    )


def answer(body: Json, reply: Reply) -> Json:
    reply = _by_tool(parse(body), reply) if reply.kind == "structured" else reply
    said = spoken(reply)
    content: list[Json] = [{"type": "text", "text": said}] if said else []
    content += [
        {"type": "tool_use", "id": new_id("toolu"), "name": call.tool, "input": call.input} for call in reply.calls
    ]
    return {
        "id": new_id("msg"),
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": content,
        "stop_reason": _stop_reason(reply),
        "stop_sequence": None,
        "usage": {"input_tokens": 100, "output_tokens": 20},
    }


def stream(body: Json, answer: Json) -> bytes:
    return typed_events(_events(answer))


def error(said: str) -> Json:
    return {"type": "error", "error": {"type": "api_error", "message": said}}


def _block(part: Json, names: dict[str, str]) -> Block:
    kind = part["type"]
    if kind == "tool_use":
        names[part["id"]] = part["name"]
        return Block(kind, text=json.dumps(part["input"]), id=part["id"], name=part["name"])
    if kind == "tool_result":
        text = text_of(part.get("content"))
        return Block(kind, text=text, id=part["tool_use_id"], name=names.get(part["tool_use_id"], ""))
    return Block(kind, text=part.get("text", ""))


def _by_tool(request: Request, reply: Reply) -> Reply:
    """A structured answer in the form that this request can take."""
    if STRUCTURED_OUTPUT not in request.tools:
        return reply
    if request.has_result_of(STRUCTURED_OUTPUT):
        return Reply.text("Answered.")
    return Reply.tools([(STRUCTURED_OUTPUT, reply.answer)])


def _stop_reason(reply: Reply) -> str:
    if reply.kind == "cut_by_length":
        return "max_tokens"
    return "tool_use" if reply.calls else "end_turn"


def _events(message: Json) -> Iterator[Json]:
    yield {"type": "message_start", "message": {**message, "content": [], "stop_reason": None}}
    for index, block in enumerate(message["content"]):
        if block["type"] == "text":
            empty, delta = {**block, "text": ""}, {"type": "text_delta", "text": block["text"]}
        else:
            empty = {**block, "input": {}}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        yield {"type": "content_block_start", "index": index, "content_block": empty}
        yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    stop = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": stop, "usage": {"output_tokens": message["usage"]["output_tokens"]}}
    yield {"type": "message_stop"}
