"""The policy of most tests: an agent that uses skills, a judge and a proposer, in any harness."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tests.harness.human_text import names_a_skill
from tests.harness.model_policy import Reply, Request, ToolCall

T = TypeVar("T")
SkillCall = str | tuple[str, str]  # a name, or a name and its args
Answer = Mapping[str, Any] | Callable[[Request], Mapping[str, Any]]


def use_skill_tool(name: str) -> ToolCall:
    """How Claude Code's model uses a skill."""
    return "Skill", {"skill": name}


def use_bash(command: str) -> ToolCall:
    """How Claude Code's model runs a shell command."""
    return "Bash", {"command": command, "description": "scripted"}


@dataclass
class ScriptedAgent:
    """The usual story: some human turns make the agent call skills, a judge and a proposer answer, the rest is chat.

    `skill_for` and `bash_for` map a part of the human text to what is called then; the skills of one turn are called in
    one message, the shell command in the next. `before_skill_call` runs just before the reply with the skill calls.
    `use_skill` and `use_shell` say which tool calls that takes in this harness: in Codex, for example, the model uses
    a skill by `("exec_command", {"cmd": "cat .../SKILL.md"})`.
    A skill that the person invoked is loaded by the harness itself, so the agent does not call one for it.
    """

    skill_for: Mapping[str, Sequence[SkillCall]] = field(default_factory=dict)
    bash_for: Mapping[str, str] = field(default_factory=dict)
    judge: Answer | None = None
    proposer: Answer | None = None
    before_skill_call: Callable[[], None] | None = None
    use_skill: Callable[[str], ToolCall] = use_skill_tool
    use_shell: Callable[[str], ToolCall] = use_bash
    chat: str = "Noted."
    closing: str = "Done."

    def __call__(self, request: Request) -> Reply:
        if request.role == "judge":
            return _scripted(self.judge, request)
        if request.role == "proposer":
            return _scripted(self.proposer, request)
        return self._act(request)

    def _act(self, request: Request) -> Reply:
        typed = names_a_skill(request.last_human)
        using = None if typed else self._using_skills(request)
        plan = [reply for reply in (using, self._running_a_command(request)) if reply]
        reply = _next(plan, request)
        if reply is None:
            return Reply.text(self.closing if plan or typed else self.chat)
        if reply is using and self.before_skill_call is not None:
            self.before_skill_call()
        return reply

    def _using_skills(self, request: Request) -> Reply | None:
        calls = [self._skill_call(skill) for skill in _first(self.skill_for, request) or ()]
        return Reply.tools(calls, said="I will use a skill.") if calls else None

    def _running_a_command(self, request: Request) -> Reply | None:
        command = _first(self.bash_for, request)
        return Reply.tools([self.use_shell(command)]) if command else None

    def _skill_call(self, skill: SkillCall) -> ToolCall:
        if isinstance(skill, str):
            return self.use_skill(skill)
        tool, given = self.use_skill(skill[0])
        return tool, {**given, "args": skill[1]}


def _next(plan: Iterable[Reply], request: Request) -> Reply | None:
    """The first message of this turn's plan that has no results yet; one tool can serve several messages."""
    results = Counter(result.name for result in request.tool_results_since_human)
    for reply in plan:
        tools = Counter(call.tool for call in reply.calls)
        if not results & tools:
            return reply
        results -= tools
    return None


def _first(table: Mapping[str, T], request: Request) -> T | None:
    return next((value for part, value in table.items() if part in request.last_human), None)


def _scripted(answer: Answer | None, request: Request) -> Reply:
    if answer is None:
        raise AssertionError(f"nobody scripted an answer for the {request.role}")
    return Reply.structured(answer(request) if callable(answer) else answer)
