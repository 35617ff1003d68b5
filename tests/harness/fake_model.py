"""A scriptable Anthropic Messages API on loopback, so that the real Claude Code CLI runs without a network or a key.

A *policy* decides what the model says: a callable `(Request) -> Reply`. What the CLI asks for its own housekeeping
(`HEAD /`, the title of a TUI session, token counts) is answered here and never reaches the policy.

    with FakeModel(ScriptedAgent(skill_for={"deploy": ["deploy--alice"]})) as model:
        ClaudeCode(binary, home, project, model.url).prompt("please deploy")
        assert model.count("agent") == 2
"""

from __future__ import annotations

import json
import re
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

Json = dict[str, Any]
T = TypeVar("T")
Role = Literal["judge", "proposer", "title", "count_tokens", "agent"]

STRUCTURED_OUTPUT = "StructuredOutput"  # the one tool that `claude --json-schema` offers
NOT_HUMAN = (
    "<system-reminder>",
    "Base directory for this skill:",
    "[Request interrupted",
    "[structured-output-enforce]",
)
SLASH = re.compile(r"<command-name>(.*?)</command-name>(?:\s*<command-args>(.*?)</command-args>)?", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One content block of a message, reduced to what a policy can want to know."""

    type: str
    text: str = ""
    id: str = ""  # of a tool_use, or the tool_use that a tool_result answers
    name: str = ""  # of the tool


@dataclass(frozen=True)
class Message:
    role: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Request:
    """One model call as the policy sees it."""

    system: str
    messages: tuple[Message, ...]
    tools: tuple[str, ...]
    model: str
    stream: bool
    counts_tokens: bool = False

    @property
    def role(self) -> Role:
        """Who is asking: our own judge and proposer sign the first line of their system text."""
        if self.counts_tokens:
            return "count_tokens"
        lines = self.system.splitlines()
        if any(line.startswith("hivemind-skillopt/judge prompt v") for line in lines):
            return "judge"
        if any(line.startswith("hivemind-skillopt/proposer prompt v") for line in lines):
            return "proposer"
        if not self.tools and "sentence-case title" in (self.system + self.prompt).lower():
            return "title"
        return "agent"

    @property
    def prompt(self) -> str:
        """All text of the user messages, reminders and skill bodies too."""
        return "\n".join(block.text for block in self._user_blocks() if block.type == "text")

    @property
    def last_human(self) -> str:
        """What a person typed last: not a tool's result, a skill's body or a reminder that the CLI put there."""
        return next((_as_typed(block.text) for block in reversed(self._user_blocks()) if _is_human(block)), "")

    @property
    def tool_results_since_human(self) -> tuple[Block, ...]:
        """The results of this human turn, so that a policy can see that it called a tool already."""
        blocks = self._user_blocks()
        last = max((index for index, block in enumerate(blocks) if _is_human(block)), default=-1)
        return tuple(block for block in blocks[last + 1 :] if block.type == "tool_result")

    def has_result_of(self, tool: str) -> bool:
        return any(result.name == tool for result in self.tool_results_since_human)

    def _user_blocks(self) -> list[Block]:
        return [block for message in self.messages if message.role == "user" for block in message.blocks]


@dataclass(frozen=True)
class Call:
    tool: str
    input: Json


@dataclass(frozen=True)
class Reply:
    """What the model answers. Build one with the constructors below."""

    kind: Literal["message", "structured", "error", "hang", "truncated", "garbage"]
    said: str = ""
    calls: tuple[Call, ...] = ()
    answer: Json = field(default_factory=dict)
    status: int = 200
    seconds: float = 0.0

    @classmethod
    def text(cls, said: str) -> Reply:
        return cls("message", said=said)

    @classmethod
    def tools(cls, calls: Iterable[tuple[str, Json]], said: str = "") -> Reply:
        """Tool calls, all in one assistant message, after an optional text."""
        return cls("message", said=said, calls=tuple(Call(name, given) for name, given in calls))

    @classmethod
    def structured(cls, answer: Mapping[str, Any]) -> Reply:
        """The JSON answer, by the StructuredOutput tool when it is offered and as text otherwise."""
        return cls("structured", answer=dict(answer))

    @classmethod
    def error(cls, status: int, said: str = "scripted failure") -> Reply:
        """An API error. The CLI asks again after 401, 429 and 5xx: set CLAUDE_CODE_MAX_RETRIES."""
        return cls("error", said=said, status=status)

    @classmethod
    def hang(cls, seconds: float) -> Reply:
        """No answer for so long (or until the server is closed), then a dropped connection."""
        return cls("hang", seconds=seconds)

    @classmethod
    def truncated(cls, said: str = "this answer is cut off in the middle") -> Reply:
        """A good answer of which only half arrives."""
        return cls("truncated", said=said)

    @classmethod
    def garbage(cls) -> Reply:
        """Status 200 and a body that is no answer at all."""
        return cls("garbage", said="<html>502 Bad Gateway</html>", status=200)


Policy = Callable[[Request], Reply]


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


SkillCall = str | tuple[str, str]  # a name, or a name and its args
Answer = Mapping[str, Any] | Callable[[Request], Mapping[str, Any]]


@dataclass
class ScriptedAgent:
    """The usual story: some human turns make the agent call skills, a judge and a proposer answer, the rest is chat.

    `skill_for` and `bash_for` map a part of the human text to what is called then; the skills of one turn are called in
    one message, the shell command in the next. `before_skill_call` runs just before the reply with the Skill calls.
    A typed `/skill` is loaded by the CLI itself, so the agent does not call one for it.
    """

    skill_for: Mapping[str, Sequence[SkillCall]] = field(default_factory=dict)
    bash_for: Mapping[str, str] = field(default_factory=dict)
    judge: Answer | None = None
    proposer: Answer | None = None
    before_skill_call: Callable[[], None] | None = None
    chat: str = "Noted."
    closing: str = "Done."

    def __call__(self, request: Request) -> Reply:
        if request.role == "judge":
            return _scripted(self.judge, request)
        if request.role == "proposer":
            return _scripted(self.proposer, request)
        return self._act(request)

    def _act(self, request: Request) -> Reply:
        typed_slash = request.last_human.startswith("/")
        skills = None if typed_slash else _first(self.skill_for, request)
        command = _first(self.bash_for, request)
        if skills and not request.has_result_of("Skill"):
            if self.before_skill_call is not None:
                self.before_skill_call()
            return Reply.tools([("Skill", _skill_input(skill)) for skill in skills], said="I will use a skill.")
        if command and not request.has_result_of("Bash"):
            return Reply.tools([("Bash", {"command": command, "description": "scripted"})])
        return Reply.text(self.closing if skills or command or typed_slash else self.chat)


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


def _is_human(block: Block) -> bool:
    return block.type == "text" and not block.text.lstrip().startswith(NOT_HUMAN)


def _as_typed(text: str) -> str:
    """`/deploy--alice staging`, which the CLI wraps in tags."""
    slash = SLASH.search(text) if text.startswith("<command-") else None
    return " ".join(part for part in slash.groups() if part) if slash else text


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


def _first(table: Mapping[str, T], request: Request) -> T | None:
    return next((value for part, value in table.items() if part in request.last_human), None)


def _skill_input(skill: SkillCall) -> Json:
    return {"skill": skill} if isinstance(skill, str) else {"skill": skill[0], "args": skill[1]}


def _scripted(answer: Answer | None, request: Request) -> Reply:
    if answer is None:
        raise AssertionError(f"nobody scripted an answer for the {request.role}")
    return Reply.structured(answer(request) if callable(answer) else answer)


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
