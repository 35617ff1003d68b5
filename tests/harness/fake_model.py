"""A scriptable Anthropic Messages API on loopback, so that the real Claude Code CLI runs without a network or a key.

A *policy* decides what the model says: a callable `(Request) -> Reply`. What the CLI asks for its own housekeeping
(`HEAD /`, the title of a TUI session, token counts) is answered here and never reaches the policy.

    with FakeModel(ScriptedAgent(skill_for={"deploy": ["deploy--alice"]})) as model:
        ClaudeCode(binary, home, project, model.url).prompt("please deploy")
        assert model.count("agent") == 2
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from tests.harness.model_policy import Block, Json, Message, Policy, Reply, Request, Role, ScriptedAgent

__all__ = ["FakeModel", "Json", "Policy", "Reply", "Request", "ScriptedAgent"]

STRUCTURED_OUTPUT = "StructuredOutput"  # the one tool that `claude --json-schema` offers


class FakeModel:
    """The server: a context manager that listens on a free port of 127.0.0.1."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._requests: list[Request] = []
        self._paths: list[str] = []
        self._failures: list[Exception] = []
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.model = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def requests(self) -> list[Request]:
        """All model calls so far, in order (a copy)."""
        with self._lock:
            return list(self._requests)

    @property
    def unexpected_paths(self) -> list[str]:
        """Everything else that was asked of the server and got a 404."""
        with self._lock:
            return list(self._paths)

    def count(self, role: Role) -> int:
        return sum(request.role == role for request in self.requests)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()
        if error is None and self._failures:
            raise self._failures[0]

    def close(self) -> None:
        """Stop at once: hanging replies are let go of."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def reply_to(self, request: Request) -> Reply:
        """Record the request and ask the policy, unless it is the CLI's own housekeeping.

        A policy that raises (a failed `assert`, too) is raised again when the context ends. Until then the CLI gets a
        400, the one error it does not retry for minutes.
        """
        with self._lock:
            self._requests.append(request)
        if request.role == "title":
            return Reply.structured({"title": "A scripted session"})
        try:
            return self.policy(request)
        except Exception as error:
            with self._lock:
                self._failures.append(error)
            return Reply.error(400, f"the policy failed: {error!r}")

    def note_path(self, path: str) -> None:
        with self._lock:
            self._paths.append(path)

    def note_count(self, request: Request) -> None:
        with self._lock:
            self._requests.append(request)


def parse_request(body: Json, *, counts_tokens: bool = False) -> Request:
    """The request as the wire has it; results get the name of the tool that they answer."""
    names: dict[str, str] = {}
    messages = tuple(
        Message(message["role"], tuple(_block(part, names) for part in _parts(message["content"])))
        for message in body["messages"]
    )
    return Request(
        system="\n".join(part.get("text", "") for part in _parts(body.get("system", ""))),
        messages=messages,
        tools=tuple(tool["name"] for tool in body.get("tools", ())),
        model=body["model"],
        stream=bool(body.get("stream")),
        counts_tokens=counts_tokens,
    )


class _Server(ThreadingHTTPServer):
    model: FakeModel

    def server_bind(self) -> None:
        """Bind without the name look-up of the base class, which can ask a DNS server."""
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_HEAD(self) -> None:
        """The CLI's look whether anybody is there."""
        self._send(200, b"", "text/plain")

    def do_GET(self) -> None:
        self._not_found()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        path = self.path.split("?")[0]
        if path == "/v1/messages":
            request = parse_request(json.loads(body))
            self._answer(request, self.server.model.reply_to(request))
        elif path == "/v1/messages/count_tokens":
            self.server.model.note_count(parse_request(json.loads(body), counts_tokens=True))
            self._send_json(200, {"input_tokens": len(body) // 4})
        else:
            self._not_found()

    def _answer(self, request: Request, reply: Reply) -> None:
        if reply.kind == "hang":
            self.server.model.closing.wait(reply.seconds)
            self.close_connection = True
        elif reply.kind == "error":
            self._send_json(reply.status, {"type": "error", "error": {"type": "api_error", "message": reply.said}})
        elif reply.kind == "garbage":
            self._send(200, reply.said.encode(), "text/html")
        else:
            message, cut = _message(request, _as_message(request, reply)), reply.kind == "truncated"
            if request.stream:
                self._send(200, _sse(message), "text/event-stream", cut=cut)
            else:
                self._send(200, _dump(message), "application/json", cut=cut)

    def _not_found(self) -> None:
        self.server.model.note_path(f"{self.command} {self.path}")
        self._send_json(404, {"type": "error", "error": {"type": "not_found_error", "message": self.path}})

    def _send_json(self, status: int, value: Json) -> None:
        self._send(status, _dump(value), "application/json")

    def _send(self, status: int, body: bytes, content_type: str, *, cut: bool = False) -> None:
        """One whole response; `cut` announces all of the body and sends half of it."""
        self.close_connection = True
        try:
            self.send_response(status)
            self.send_header("content-type", content_type)
            self.send_header("content-length", str(len(body)))
            self.send_header("connection", "close")
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if cut else body)
        except ConnectionError:
            return  # the CLI was killed or gave up: a test does that on purpose

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Say nothing: the recorded requests tell more."""


def _parts(content: str | list[Json]) -> list[Json]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _block(part: Json, names: dict[str, str]) -> Block:
    kind = part["type"]
    if kind == "tool_use":
        names[part["id"]] = part["name"]
        return Block(kind, text=json.dumps(part["input"]), id=part["id"], name=part["name"])
    if kind == "tool_result":
        text = "\n".join(inner.get("text", "") for inner in _parts(part.get("content", "")))
        return Block(kind, text=text, id=part["tool_use_id"], name=names.get(part["tool_use_id"], ""))
    return Block(kind, text=part.get("text", ""))


def _as_message(request: Request, reply: Reply) -> Reply:
    """A structured answer in the form that this request can take."""
    if reply.kind != "structured":
        return reply
    if STRUCTURED_OUTPUT not in request.tools:
        return Reply.text(json.dumps(reply.answer))
    if request.has_result_of(STRUCTURED_OUTPUT):
        return Reply.text("Answered.")
    return Reply.tools([(STRUCTURED_OUTPUT, reply.answer)])


def _message(request: Request, reply: Reply) -> Json:
    content: list[Json] = [{"type": "text", "text": reply.said}] if reply.said else []
    content += [
        {"type": "tool_use", "id": f"toolu_{uuid.uuid4().hex[:24]}", "name": call.tool, "input": call.input}
        for call in reply.calls
    ]
    return {
        "id": f"msg_{uuid.uuid4().hex[:24]}",
        "type": "message",
        "role": "assistant",
        "model": request.model,
        "content": content,
        "stop_reason": "tool_use" if reply.calls else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 100, "output_tokens": 20},
    }


def _sse(message: Json) -> bytes:
    """The message as the event stream of the Messages API, in one go: no client of it can tell."""
    events = (f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in _events(message))
    return "".join(events).encode()


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


def _dump(value: Json) -> bytes:
    return json.dumps(value).encode()
