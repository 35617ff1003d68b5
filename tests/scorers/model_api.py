"""A model API on loopback that speaks as Anthropic's and as OpenAI's do, and fails as real ones do."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

Json = dict[str, Any]


@dataclass(frozen=True)
class Served:
    """One response. `ends`: how the body comes, if not at once."""

    body: bytes = b""
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    ends: str = ""  # "cut": half of it; "hang": nothing at all; "trickle": a byte now and then; "heads": of the head


def as_json(value: object, status: int = 200, **headers: str) -> Served:
    return Served(json.dumps(value).encode(), status, headers=headers)


def failing(status: int, said: str = "scripted failure", kind: str = "api_error") -> Served:
    """An error as both APIs word it."""
    return as_json({"type": "error", "error": {"type": kind, "message": said}}, status)


@dataclass(frozen=True)
class Seen:
    """One request."""

    path: str
    headers: dict[str, str]
    body: Json


Reply = Callable[[Seen], Served]


class ModelApi:
    """The server. `replies` is one answer for all, or a function of the request."""

    def __init__(self, replies: Served | Reply) -> None:
        self.replies = replies
        self.seen: list[Seen] = []
        self.closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.api = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def reply(self, seen: Seen) -> Served:
        self.seen.append(seen)
        return self.replies(seen) if callable(self.replies) else self.replies


class _Server(ThreadingHTTPServer):
    api: ModelApi
    daemon_threads = True


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        served = self.server.api.reply(Seen(self.path, headers, body))
        self.close_connection = True
        try:
            self._serve(served)
        except ConnectionError:
            return  # the scorer gave up: tests do that on purpose

    def _serve(self, served: Served) -> None:
        if served.ends == "hang":
            self.server.api.closing.wait(60)
            return
        if served.ends == "heads":
            self._trickle(b"HTTP/1.1 200 OK\r\n" + b"x-slow: 1\r\n" * 1000)
            return
        self.send_response(served.status)
        heads = {"content-type": served.content_type, "content-length": str(len(served.body)), **served.headers}
        for name, value in {**heads, "connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        if served.ends == "trickle":
            self._trickle(served.body)
        else:
            self.wfile.write(served.body[: len(served.body) // 2] if served.ends == "cut" else served.body)

    def _trickle(self, body: bytes) -> None:
        for start in range(len(body)):
            if self.server.api.closing.wait(0.05):
                return
            self.wfile.write(body[start : start + 1])
            self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Say nothing: the recorded requests tell more."""
