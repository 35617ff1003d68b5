"""What the fake model is asked, what it can answer, and the usual story: the policies of `fake_model.py`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

Json = dict[str, Any]
T = TypeVar("T")
Role = Literal["judge", "proposer", "title", "count_tokens", "agent"]

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


def _is_human(block: Block) -> bool:
    return block.type == "text" and not block.text.lstrip().startswith(NOT_HUMAN)


def _as_typed(text: str) -> str:
    """`/deploy--alice staging`, which the CLI wraps in tags."""
    slash = SLASH.search(text) if text.startswith("<command-") else None
    return " ".join(part for part in slash.groups() if part) if slash else text


def _first(table: Mapping[str, T], request: Request) -> T | None:
    return next((value for part, value in table.items() if part in request.last_human), None)


def _skill_input(skill: SkillCall) -> Json:
    return {"skill": skill} if isinstance(skill, str) else {"skill": skill[0], "args": skill[1]}


def _scripted(answer: Answer | None, request: Request) -> Reply:
    if answer is None:
        raise AssertionError(f"nobody scripted an answer for the {request.role}")
    return Reply.structured(answer(request) if callable(answer) else answer)
