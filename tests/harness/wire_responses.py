"""OpenAI's Responses API: what Codex speaks."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.harness.model_policy import Block, Call, Json, Message, Reply, Request
from tests.harness.wire import CREATED, SYSTEM_ROLES, new_id, parts, spoken, text_of, typed_events


def parse(body: Json) -> Request:
    """The request as the wire has it: each item is a message, a tool's output a user's message with a tool_result."""
    names: dict[str, str] = {}
    items = _items(body)
    system = [body.get("instructions") or ""]
    system += [text_of(item["content"]) for item in items if item.get("role") in SYSTEM_ROLES and "content" in item]
    return Request(
        system="\n".join(system),
        messages=tuple(message for item in items if (message := _message(item, names))),
        tools=tuple(tool.get("name", tool["type"]) for tool in _tools(body)),
        model=body["model"],
        stream=bool(body.get("stream")),
    )


def answer(body: Json, reply: Reply) -> Json:
    offered = {tool.get("name"): tool for tool in _tools(body)}
    calls = [_call_item(call, offered.get(call.tool, {})) for call in reply.calls]
    said, status = spoken(reply), "incomplete" if reply.kind == "cut_by_length" else "completed"
    return {
        "id": new_id("resp"),
        "object": "response",
        "created_at": CREATED,
        "status": status,
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
        "model": body["model"],
        "output": [_spoken_item(said, status), *calls] if said else calls,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": 100,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 20,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 120,
        },
    }


def stream(body: Json, answer: Json) -> bytes:
    return typed_events({**event, "sequence_number": number} for number, event in enumerate(_events(answer)))


def error(said: str) -> Json:
    return {"error": {"message": said, "type": "api_error", "param": None, "code": None}}


def _items(body: Json) -> list[Json]:
    given = body["input"]
    return [{"role": "user", "content": given}] if isinstance(given, str) else given


def _tools(body: Json) -> list[Json]:
    """All tools on offer: Codex hands a code-mode model its tools by an item of the input, in namespaces."""
    late = [tool for item in _items(body) if item.get("type") == "additional_tools" for tool in item["tools"]]
    offered = [*(body.get("tools") or ()), *late]
    return [inner for tool in offered for inner in _inside_namespace(tool)]


def _inside_namespace(tool: Json) -> list[Json]:
    if tool["type"] != "namespace":
        return [tool]
    return [{**inner, "namespace": tool["name"]} for inner in tool["tools"]]


def _message(item: Json, names: dict[str, str]) -> Message | None:
    """None for what no policy wants to know: the system's text (it is in `Request.system`), reasoning."""
    kind = item.get("type", "message")
    if kind in ("function_call", "custom_tool_call"):
        called, name = item["call_id"], item["name"]
        names[called] = name
        text = item["arguments"] if kind == "function_call" else item["input"]
        return Message("assistant", (Block("tool_use", text=text, id=called, name=name),))
    if kind in ("function_call_output", "custom_tool_call_output"):
        called, text = item["call_id"], text_of(item["output"])
        return Message("user", (Block("tool_result", text=text, id=called, name=names.get(called, "")),))
    if kind == "message" and item["role"] not in SYSTEM_ROLES:
        return Message(item["role"], tuple(_block(part) for part in parts(item["content"])))
    return None


def _block(part: Json) -> Block:
    """`input_text` and `output_text` are text to a policy."""
    return Block("text" if "text" in part else part["type"], text=part.get("text", ""))


def _spoken_item(said: str, status: str) -> Json:
    content = [{"type": "output_text", "text": said, "annotations": []}]
    return {"type": "message", "id": new_id("msg"), "role": "assistant", "status": status, "content": content}


def _call_item(call: Call, tool: Json) -> Json:
    """A custom tool takes text: the one value of the input, whatever its name."""
    item = {"call_id": new_id("call"), "name": call.tool, "status": "completed"}
    if "namespace" in tool:
        item["namespace"] = tool["namespace"]
    if tool.get("type") == "custom":
        (text,) = call.input.values()
        return {"type": "custom_tool_call", "id": new_id("ctc"), **item, "input": text}
    return {"type": "function_call", "id": new_id("fc"), **item, "arguments": json.dumps(call.input)}


def _events(response: Json) -> Iterator[Json]:
    begun = {**response, "status": "in_progress", "output": [], "usage": None}
    yield {"type": "response.created", "response": begun}
    for index, item in enumerate(response["output"]):
        place = {"output_index": index, "item_id": item["id"]}
        empty = {**item, "status": "in_progress", **EMPTY[item["type"]]}
        yield {"type": "response.output_item.added", "output_index": index, "item": empty}
        yield from ({**event, **place} for event in _inside(item))
        yield {"type": "response.output_item.done", "output_index": index, "item": item}
    yield {"type": f"response.{response['status']}", "response": response}


EMPTY: dict[str, Json] = {
    "message": {"content": []},
    "function_call": {"arguments": ""},
    "custom_tool_call": {"input": ""},
}


def _inside(item: Json) -> Iterator[Json]:
    """How an item grows, in one step."""
    if item["type"] == "function_call":
        yield {"type": "response.function_call_arguments.delta", "delta": item["arguments"]}
        yield {"type": "response.function_call_arguments.done", "arguments": item["arguments"], "name": item["name"]}
    elif item["type"] == "custom_tool_call":
        yield {"type": "response.custom_tool_call_input.delta", "delta": item["input"]}
        yield {"type": "response.custom_tool_call_input.done", "input": item["input"]}
    else:
        yield from ({"content_index": 0, **event} for event in _inside_text(item["content"][0]))


def _inside_text(part: Json) -> Iterator[Json]:
    yield {"type": "response.content_part.added", "part": {**part, "text": ""}}
    yield {"type": "response.output_text.delta", "delta": part["text"], "logprobs": []}
    yield {"type": "response.output_text.done", "text": part["text"], "logprobs": []}
    yield {"type": "response.content_part.done", "part": part}
