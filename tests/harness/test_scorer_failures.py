"""The real Claude Code as the scorer, and every way it can fail: no verdict, and nothing of it is left running."""

from __future__ import annotations

import json
import os
import signal
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hivemind_skillopt.adapters.claude_code.cli import ClaudeCodeCli
from hivemind_skillopt.errors import ScorerFailed
from hivemind_skillopt.model import Outcome, SkillRef, Usage, Verdict, VersionSource
from hivemind_skillopt.ports import CaseFile, Question, Scorer, Turn
from hivemind_skillopt.scorers.agent_cli import AgentCliScorer
from hivemind_skillopt.scorers.ask import ask_json
from hivemind_skillopt.scorers.judge import SYSTEM, JudgeAnswer, ModelJudge
from hivemind_skillopt.scorers.proposer import ModelProposer
from hivemind_skillopt.settings import ModelChoice
from hivemind_skillopt.state.running_calls import RunningCalls
from tests.harness.claude_code import find_claude, missing_claude
from tests.harness.fake_model import FakeModel, Policy, Reply, Request
from tests.harness.requirements import require
from tests.harness.world import PROPOSAL, VERDICT
from tests.scorers.fakes import CountingBudget
from tests.scorers.processes import argv, descendants, environ, group, still_running

pytestmark = pytest.mark.real_cli

KEY = "k-an-ordinary-word-of-a-key"
UNTRUSTED = "the untrusted words of a user"
QUESTION = Question(
    "judge", SYSTEM.format(version=1, fence_rule="", quote=12), UNTRUSTED, JudgeAnswer.model_json_schema()
)


@dataclass
class Person:
    """Who has the real program on the PATH, in an empty home."""

    binary: Path
    home: Path
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def calls(self) -> RunningCalls:
        return RunningCalls(self.home / "calls")

    def __post_init__(self) -> None:
        self.home.mkdir()
        path = f"{self.binary.parent}{os.pathsep}{os.environ['PATH']}"
        self.environ = {"PATH": path, "HOME": str(self.home), "LANG": "C.UTF-8", "ANTHROPIC_API_KEY": KEY}
        self.environ |= {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_TELEMETRY": "1"}

    def judge(self, policy: Policy, timeout: float = 120, environ: Mapping[str, str] | None = None) -> JudgeAnswer:
        return self.judge_and_usage(policy, timeout, environ)[0]

    def judge_and_usage(
        self, policy: Policy, timeout: float = 120, environ: Mapping[str, str] | None = None
    ) -> tuple[JudgeAnswer, Usage]:
        """One judgement, as the worker asks for it."""
        with FakeModel(policy) as model:
            seen = {"ANTHROPIC_BASE_URL": model.url, **(self.environ if environ is None else environ)}
            scorer = AgentCliScorer(ClaudeCodeCli(), seen, self.calls, timeout)
            return ask_json(scorer, CountingBudget(), QUESTION, JudgeAnswer)


@pytest.fixture
def person(tmp_path: Path) -> Person:
    binary = find_claude()
    if binary is None:
        require(missing_claude())
    return Person(binary, tmp_path / "home")


@pytest.fixture
def asked() -> Iterator[list[int]]:
    """The processes of ours that ran when the model was asked."""
    found: list[int] = []
    yield found
    assert still_running(*found) == []


def noting(found: list[int], reply: Reply) -> Policy:
    """Answers so, and notes who runs then."""

    def policy(request: Request) -> Reply:
        found.extend(descendants(os.getpid()))
        return reply

    return policy


GOOD = Reply.structured(VERDICT)


def test_a_good_answer_and_what_it_took(person: Person, asked: list[int]) -> None:
    answer, usage = person.judge_and_usage(noting(asked, GOOD))
    assert (answer.outcome, answer.quote) == (VERDICT["outcome"], VERDICT["quote"])
    assert usage.input_tokens
    assert usage.cost_usd


CASE = CaseFile(
    "deploy--alice", f"# {UNTRUSTED} in the skill", (Turn("human", f"{UNTRUSTED} in a turn"),), (UNTRUSTED,)
)
FOUND = Verdict(
    "v", "i", ("r",), SkillRef("deploy", "alice"), 1, None, VersionSource.TRANSCRIPT, Outcome.SKILL_FAULT, 0.9,
    f"{UNTRUSTED} in the reason", f"{UNTRUSTED} in the quote", 1, None, 1,
)  # fmt: skip
ROLES: dict[str, tuple[Callable[[Scorer], object], dict[str, object]]] = {
    "judge": (lambda scorer: ModelJudge(scorer, CountingBudget(), ModelChoice())(CASE), VERDICT),
    "proposer": (
        lambda scorer: ModelProposer(scorer, CountingBudget(), ModelChoice())(
            CASE, FOUND, CASE.skill_text, [UNTRUSTED]
        ),
        PROPOSAL,
    ),
}


@pytest.mark.parametrize("role", ROLES)
def test_neither_key_nor_untrusted_text_is_in_argv(person: Person, role: str) -> None:
    """Nor is the text in a variable of any process that runs then; the key is in one, where the CLI looks for it."""
    words: list[str] = []
    variables: list[str] = []
    ask, good = ROLES[role]

    def policy(request: Request) -> Reply:
        assert (request.role, request.prompt.count(UNTRUSTED) >= 3) == (role, True)
        for pid in descendants(os.getpid()):
            words.extend(argv(pid))
            variables.extend(environ(pid))
        return Reply.structured(good)

    with FakeModel(policy) as model:
        ask(AgentCliScorer(ClaudeCodeCli(), {"ANTHROPIC_BASE_URL": model.url, **person.environ}, person.calls))
    assert "--safe-mode" in words
    assert f"ANTHROPIC_API_KEY={KEY}" in variables
    assert [word for word in words if KEY in word or UNTRUSTED in word] == []
    assert [variable for variable in variables if UNTRUSTED in variable] == []


ANSWERS = {
    "401": (Reply.error(401), "401"),
    "429": (Reply.error(429), "429"),
    "500": (Reply.error(500), "500"),
    "529": (Reply.error(529), "529"),
    "html": (Reply.garbage(), "empty or malformed response .HTTP 200."),
    "garbage": (Reply.text("I liked it very much."), "did not answer with the JSON"),
    "prose": (Reply.text(f"Sure! {json.dumps(VERDICT)}"), "did not answer with the JSON"),
    "wrong shape": (Reply.structured({"outcome": "guilty"}), "did not answer with the JSON"),
    "empty": (Reply.text(""), "claude gave an empty answer"),
    "truncated": (Reply.truncated(json.dumps(VERDICT)), "Connection to the API was lost"),
    "cut": (Reply.hang(0), "Unable to connect to API"),
}


@pytest.mark.parametrize(("reply", "match"), ANSWERS.values(), ids=ANSWERS)
def test_no_verdict(person: Person, asked: list[int], reply: Reply, match: str) -> None:
    with pytest.raises(ScorerFailed, match=match) as raised:
        person.judge(noting(asked, reply))
    assert asked, "the model was really asked"
    assert KEY not in str(raised.value)
    assert UNTRUSTED not in str(raised.value)


def test_an_error_that_says_the_prompt_back_is_not_repeated(person: Person) -> None:
    with pytest.raises(ScorerFailed, match=r"400.*\[\.\.\.\]$") as raised:
        person.judge(lambda request: Reply.error(400, f"cannot read: {UNTRUSTED}"))
    assert UNTRUSTED not in str(raised.value)


def test_not_on_the_path(person: Person) -> None:
    with pytest.raises(ScorerFailed, match="`claude` is not on the PATH"):
        person.judge(lambda request: GOOD, environ={**person.environ, "PATH": os.defpath})


def test_not_logged_in(person: Person) -> None:
    environ = {name: value for name, value in person.environ.items() if name != "ANTHROPIC_API_KEY"}
    with pytest.raises(ScorerFailed, match="Not logged in"):
        person.judge(lambda request: GOOD, environ=environ)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV], ids=lambda number: number.name)
def test_killed_in_mid_run(person: Person, asked: list[int], number: signal.Signals) -> None:
    def policy(request: Request) -> Reply:
        asked.extend(descendants(os.getpid()))
        os.kill(asked[0], number)
        return Reply.hang(60)

    with pytest.raises(ScorerFailed, match=r"ended with code (-\d+|1\d\d) and no JSON"):
        person.judge(policy)


def with_a_child(person: Person, tmp_path: Path) -> dict[str, str]:
    """A `claude` that starts a child of its own in the background and then is the real one."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "claude"
    program.write_text(f'#!/bin/sh\nsleep 600 &\nexec "{person.binary}" "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return {**person.environ, "PATH": f"{folder}{os.pathsep}{person.environ['PATH']}"}


@pytest.mark.parametrize("ends", ["hang", "answer", "killed"])
def test_its_process_group_is_really_gone(person: Person, asked: list[int], tmp_path: Path, ends: str) -> None:
    """However the run ends: nothing of it is left, not even what it started itself."""
    leaders: list[int] = []

    def policy(request: Request) -> Reply:
        asked.extend(descendants(os.getpid()))
        leaders.extend(pid for pid in asked if pid in group(pid) and pid not in leaders)
        if ends == "killed":
            os.kill(leaders[0], signal.SIGKILL)
        return GOOD if ends == "answer" else Reply.hang(60)

    environ = with_a_child(person, tmp_path)
    if ends == "answer":
        person.judge(policy, environ=environ)
    else:
        with pytest.raises(ScorerFailed, match="did not answer within" if ends == "hang" else "ended with code"):
            person.judge(policy, timeout=10 if ends == "hang" else 120, environ=environ)
    assert len(leaders) == 1
    assert len(set(asked)) > 1, "its child ran"
    assert still_running(*asked) == []
    assert [pid for leader in leaders for pid in group(leader)] == []


def test_later_answers_are_good(person: Person) -> None:
    """The same scorer, after each kind of failure."""
    replies = [Reply.error(529), Reply.error(529), GOOD, GOOD]
    with FakeModel(lambda request: replies.pop(0)) as model:
        environ = {"ANTHROPIC_BASE_URL": model.url, **person.environ}
        scorer = AgentCliScorer(ClaudeCodeCli(), environ, person.calls)
        ask: Callable[[], JudgeAnswer] = lambda: ask_json(scorer, CountingBudget(), QUESTION, JudgeAnswer)[0]  # noqa: E731
        with pytest.raises(ScorerFailed, match="529"):
            ask()
        assert ask().outcome == VERDICT["outcome"]
