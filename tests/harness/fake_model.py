"""A scriptable model on loopback, so that the real harnesses run without a network or a key.

It speaks Anthropic's Messages API (Claude Code), OpenAI's chat completions (pi, Hermes) and OpenAI's Responses API
(Codex). A *policy* decides what the model says: a callable `(Request) -> Reply`, the same for every wire. What a
harness asks for its own housekeeping (`HEAD /`, the title of a session, token counts, the list of models) is answered
here and never reaches the policy.

    with FakeModel(ScriptedAgent(skill_for={"deploy": ["deploy--alice"]})) as model:
        ClaudeCode(binary, home, project, model.url).prompt("please deploy")
        assert model.count("agent") == 2
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from tests.harness import wire_chat, wire_messages, wire_responses
from tests.harness.model_policy import Json, Policy, Reply, Request, Role, ToolCall
from tests.harness.scripted_agent import ScriptedAgent
from tests.harness.wire import Wire

__all__ = ["FakeModel", "Json", "Policy", "Reply", "Request", "Role", "ScriptedAgent", "ToolCall"]

WIRES: Mapping[str, Wire] = {
    "/v1/messages": wire_messages,
    "/v1/chat/completions": wire_chat,
    "/v1/responses": wire_responses,
}
COUNT_TOKENS = "/v1/messages/count_tokens"
MODELS = ("fake-model", "fake-ok")
PROBES = ("/api/show", "/api/tags", "/api/v1/models", "/v1/props", "/props", "/version")
"""Hermes asks every unknown server which program it is. It is none: a 404 that nobody need know of."""


class FakeModel:
    """The server: a context manager that listens on a free port of 127.0.0.1."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._requests: list[Request] = []
        self._bodies: list[bytes] = []
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
    def bodies(self) -> list[bytes]:
        """All that was posted so far, in order, byte for byte (a copy)."""
        with self._lock:
            return list(self._bodies)

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

    def note_body(self, body: bytes) -> None:
        with self._lock:
            self._bodies.append(body)

    def note_path(self, path: str) -> None:
        with self._lock:
            self._paths.append(path)

    def note_count(self, request: Request) -> None:
        with self._lock:
            self._requests.append(request)


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
        models = {f"/v1/models/{name}": {"id": name, "object": "model", "created": 0} for name in MODELS}
        if self._path == "/v1/models":
            self._send_json(200, {"object": "list", "data": list(models.values())})
        elif model := models.get(self._path):
            self._send_json(200, model)
        else:
            self._not_found()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.model.note_body(body)
        if wire := WIRES.get(self._path):
            self._answer(wire, json.loads(body))
        elif self._path == COUNT_TOKENS:
            self.server.model.note_count(wire_messages.parse(json.loads(body), counts_tokens=True))
            self._send_json(200, {"input_tokens": len(body) // 4})
        else:
            self._not_found()

    @property
    def _path(self) -> str:
        return self.path.split("?")[0]

    def _answer(self, wire: Wire, body: Json) -> None:
        reply = self.server.model.reply_to(wire.parse(body))
        if reply.kind == "hang":
            self.server.model.closing.wait(reply.seconds)
            self.close_connection = True
        elif reply.kind == "error":
            self._send_json(reply.status, wire.error(reply.said))
        elif reply.kind == "garbage":
            self._send(200, reply.said.encode(), "text/html")
        else:
            answer, cut = wire.answer(body, reply), reply.kind == "truncated"
            if body.get("stream"):
                self._send(200, wire.stream(body, answer), "text/event-stream", cut=cut)
            else:
                self._send(200, _dump(answer), "application/json", cut=cut)

    def _not_found(self) -> None:
        if self._path not in PROBES:
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


def _dump(value: Json) -> bytes:
    return json.dumps(value).encode()
