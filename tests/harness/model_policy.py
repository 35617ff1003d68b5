"""What the fake model is asked and what it can answer, whatever the wire: the words of its policies."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.harness.human_text import as_typed, is_human

Json = dict[str, Any]
ToolCall = tuple[str, Json]
Role = Literal["judge", "proposer", "title", "count_tokens", "agent"]

SIGNATURE = re.compile(r"^hivemind-skillopt/(judge|proposer) prompt v", re.MULTILINE)
TITLE_REQUESTS = (
    "sentence-case title",  # Claude Code
    "generate a short, descriptive title (3-7 words)",  # Hermes
)
CODEX_TITLE = "Generate a concise, single-line task title"
"""How the prompt begins; a model in code mode has its tools even then."""


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
        """Who is asking. Our own judge and proposer sign a line of their system text.

        A harness that has no way to set the system text gets it as the beginning of the first prompt.
        """
        if self.counts_tokens:
            return "count_tokens"
        signed = SIGNATURE.search(self.system) or SIGNATURE.search(self._first_human)
        if signed:
            return "judge" if signed[1] == "judge" else "proposer"
        return "title" if self._asks_for_a_title else "agent"

    @property
    def prompt(self) -> str:
        """All text of the user messages, reminders and skill bodies too."""
        return "\n".join(block.text for block in self._user_blocks() if block.type == "text")

    @property
    def last_human(self) -> str:
        """What a person typed last: not a tool's result, a skill's body or a reminder that the harness put there."""
        return next((as_typed(block.text) for block in reversed(self._user_blocks()) if _is_human(block)), "")

    @property
    def tool_results_since_human(self) -> tuple[Block, ...]:
        """The results of this human turn, so that a policy can see that it called a tool already."""
        blocks = self._user_blocks()
        last = max((index for index, block in enumerate(blocks) if _is_human(block)), default=-1)
        return tuple(block for block in blocks[last + 1 :] if block.type == "tool_result")

    def has_result_of(self, tool: str) -> bool:
        return any(result.name == tool for result in self.tool_results_since_human)

    @property
    def _asks_for_a_title(self) -> bool:
        asked = (self.system + self.prompt).lower()
        without_tools = not self.tools and any(phrase in asked for phrase in TITLE_REQUESTS)
        return without_tools or self.last_human.startswith(CODEX_TITLE)

    @property
    def _first_human(self) -> str:
        return next((block.text for block in self._user_blocks() if _is_human(block)), "")

    def _user_blocks(self) -> list[Block]:
        return [block for message in self.messages if message.role == "user" for block in message.blocks]


@dataclass(frozen=True)
class Call:
    tool: str
    input: Json


@dataclass(frozen=True)
class Reply:
    """What the model answers. Build one with the constructors below."""

    kind: Literal["message", "structured", "cut_by_length", "error", "hang", "truncated", "garbage"]
    said: str = ""
    calls: tuple[Call, ...] = ()
    answer: Json = field(default_factory=dict)
    status: int = 200
    seconds: float = 0.0

    @classmethod
    def text(cls, said: str) -> Reply:
        return cls("message", said=said)

    @classmethod
    def tools(cls, calls: Iterable[ToolCall], said: str = "") -> Reply:
        """Tool calls, all in one assistant message, after an optional text."""
        return cls("message", said=said, calls=tuple(Call(name, given) for name, given in calls))

    @classmethod
    def structured(cls, answer: Mapping[str, Any]) -> Reply:
        """The JSON answer, by the StructuredOutput tool when Claude Code offers it and as text otherwise."""
        return cls("structured", answer=dict(answer))

    @classmethod
    def cut_by_length(cls, said: str) -> Reply:
        """A whole response whose text ends where the model had no tokens left, and which says so."""
        return cls("cut_by_length", said=said)

    @classmethod
    def error(cls, status: int, said: str = "scripted failure") -> Reply:
        """An API error. Harnesses ask again after some of them, for Claude Code set CLAUDE_CODE_MAX_RETRIES."""
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


def _is_human(block: Block) -> bool:
    return block.type == "text" and is_human(block.text)
