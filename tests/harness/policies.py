"""More ways for the fake model to behave: other tools, and answers that wait for the test."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.harness.fake_model import Policy, Reply, Request, Role, ToolCall

WAITED = 120.0
"""Seconds at most: a test that fails must still end."""


@dataclass
class Calling:
    """The agent calls a tool for some human texts, once in a turn; else it is like `policy`."""

    policy: Policy
    calls: Mapping[str, ToolCall]

    def __call__(self, request: Request) -> Reply:
        call = next((call for part, call in self.calls.items() if part in request.last_human), None)
        if request.role == "agent" and call and not request.has_result_of(call[0]):
            return Reply.tools([call])
        return self.policy(request)


@dataclass
class Slow:
    """Like `policy`, but who has that role, and was told that text, waits for `go_on`."""

    policy: Policy
    role: Role
    text: str = ""
    go_on: threading.Event = field(default_factory=threading.Event)

    def __call__(self, request: Request) -> Reply:
        if request.role == self.role and self.text in request.prompt:
            self.go_on.wait(WAITED)
        return self.policy(request)


def delegate(prompt: str, *, background: bool = False) -> ToolCall:
    """The call that starts a sub-agent."""
    given = {"description": "sub", "prompt": prompt, "subagent_type": "general-purpose"}
    return "Agent", {**given, "run_in_background": background}
