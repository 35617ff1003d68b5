"""The real Codex as the scorer, and every way it can fail: no verdict, and nothing of it is left running."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from hivemind_skillopt.adapters.codex.cli import CodexCli
from hivemind_skillopt.errors import ScorerFailed
from hivemind_skillopt.model import Usage
from hivemind_skillopt.ports import Question
from hivemind_skillopt.scorers.agent_cli import AgentCliScorer
from hivemind_skillopt.scorers.ask import ask_json
from hivemind_skillopt.scorers.judge import SYSTEM, JudgeAnswer
from hivemind_skillopt.state.running_calls import RunningCalls
from tests.harness.codex import CODE, CODEX, CONFIG, FUNCTIONS
from tests.harness.fake_model import FakeModel, Policy, Reply, Request
from tests.harness.requirements import require
from tests.harness.world import VERDICT
from tests.scorers.fakes import CountingBudget
from tests.scorers.processes import argv, descendants, environ, still_running

pytestmark = pytest.mark.real_cli

KEY = "k-an-ordinary-word-of-a-key"
UNTRUSTED = "the untrusted words of a user"
QUESTION = Question(
    "judge", SYSTEM.format(version=1, fence_rule="", quote=12), UNTRUSTED, JudgeAnswer.model_json_schema()
)
GOOD = Reply.structured(VERDICT)
PROGRAMS = """
[mcp_servers.tickets]
command = "/bin/sh"
args = ["-c", "echo >{home}/mcp-ran"]
"""
NOTIFY = 'notify = ["/bin/sh", "-c", "echo >{home}/notify-ran"]\n'


@dataclass
class Person:
    """Who has the real program on the PATH, and a provider and programs of their own in config.toml."""

    binary: Path
    home: Path
    model: str = FUNCTIONS

    @property
    def environ(self) -> dict[str, str]:
        path = f"{self.binary.parent}{os.pathsep}{os.environ['PATH']}"
        return {"PATH": path, "HOME": str(self.home), "LANG": "C.UTF-8", "FAKE_KEY": KEY}

    def judge(self, policy: Policy, timeout: float = 120, question: Question = QUESTION) -> JudgeAnswer:
        return self.judge_and_usage(policy, timeout, question)[0]

    def judge_and_usage(
        self, policy: Policy, timeout: float = 120, question: Question = QUESTION
    ) -> tuple[JudgeAnswer, Usage]:
        """One judgement, as the worker asks for it."""
        with FakeModel(policy) as model:
            self.write_config(model.url)
            cli = CodexCli().at(self.home / ".codex")
            scorer = AgentCliScorer(cli, self.environ, RunningCalls(self.home / "calls"), timeout)
            return ask_json(scorer, CountingBudget(), question, JudgeAnswer)

    def write_config(self, url: str) -> None:
        config = self.home / ".codex" / "config.toml"
        config.parent.mkdir(parents=True, exist_ok=True)
        settings = NOTIFY + CONFIG.format(model=self.model, url=url, project=self.home) + PROGRAMS
        config.write_text(settings.replace("{home}", str(self.home)))


@pytest.fixture
def person(tmp_path: Path) -> Person:
    binary = CODEX.find()
    if binary is None:
        require(CODEX.missing())
    return Person(binary, tmp_path / "home")


def noting(found: list[int], reply: Reply) -> Policy:
    """Answers so, and notes which processes of ours run then."""

    def policy(request: Request) -> Reply:
        found.extend(descendants(os.getpid()))
        return reply

    return policy


@pytest.mark.parametrize("model", [FUNCTIONS, CODE])
def test_a_good_answer_leaves_nothing_behind(person: Person, model: str) -> None:
    """No session to resume, and none of the user's own programs ran."""
    asked: list[int] = []
    answer, usage = replace(person, model=model).judge_and_usage(noting(asked, GOOD))
    assert (answer.outcome, answer.quote) == (VERDICT["outcome"], VERDICT["quote"])
    assert usage.input_tokens
    assert usage.output_tokens
    assert asked
    assert still_running(*asked) == []
    assert list((person.home / ".codex").glob("sessions/**/*.jsonl")) == []
    assert [path.name for path in person.home.glob("*-ran")] == []


def test_neither_key_nor_untrusted_text_is_in_argv(person: Person) -> None:
    words: list[str] = []
    variables: list[str] = []
    models: list[str] = []

    def policy(request: Request) -> Reply:
        assert (request.role, UNTRUSTED in request.prompt) == ("judge", True)
        models.append(request.model)
        for pid in descendants(os.getpid()):
            words.extend(argv(pid))
            variables.extend(environ(pid))
        return GOOD

    person.judge(policy, question=replace(QUESTION, model="gpt-5.5-mini", provider="fake"))
    assert models == ["gpt-5.5-mini"]
    assert "--ephemeral" in words
    assert f"FAKE_KEY={KEY}" in variables
    assert [word for word in words if KEY in word or UNTRUSTED in word] == []
    assert [variable for variable in variables if UNTRUSTED in variable] == []


ANSWERS = {
    "400": (Reply.error(400, f"cannot read: {UNTRUSTED}"), "codex: "),
    "401": (Reply.error(401), "401"),
    "429": (Reply.error(429), "429"),
    "500": (Reply.error(500), "500|high demand"),
    "503": (Reply.error(503), "503|high demand"),
    "html": (Reply.garbage(), "codex: "),
    "garbage": (Reply.text("I liked it very much."), "did not answer with the JSON"),
    "prose": (Reply.text(f"Sure! {json.dumps(VERDICT)}"), "did not answer with the JSON"),
    "wrong shape": (Reply.structured({"outcome": "guilty"}), "did not answer with the JSON"),
    "empty": (Reply.text(""), "codex gave an empty answer"),
    "truncated": (Reply.truncated(json.dumps(VERDICT)), "codex: "),
    "cut": (Reply.hang(0), "codex: "),
}


@pytest.mark.parametrize(("reply", "match"), ANSWERS.values(), ids=ANSWERS)
def test_no_verdict(person: Person, reply: Reply, match: str) -> None:
    asked: list[int] = []
    with pytest.raises(ScorerFailed, match=match) as raised:
        person.judge(noting(asked, reply))
    assert asked, "the model was really asked"
    assert still_running(*asked) == []
    assert KEY not in str(raised.value)
    assert UNTRUSTED not in str(raised.value)


def test_a_run_that_hangs_is_ended_with_all_that_it_started(person: Person) -> None:
    """The program from npm is a wrapper: killed alone, it would leave the real one running."""
    asked: list[int] = []
    with pytest.raises(ScorerFailed, match="did not answer within"):
        person.judge(noting(asked, Reply.hang(60)), timeout=15)
    assert len(set(asked)) > 1, "the wrapper and the real one ran"
    assert still_running(*asked) == []


def test_no_server_at_all_is_told_at_once(person: Person) -> None:
    with FakeModel(lambda request: GOOD) as model:
        url = model.url
    person.write_config(url)
    cli = CodexCli().at(person.home / ".codex")
    scorer = AgentCliScorer(cli, person.environ, RunningCalls(person.home / "calls"))
    with pytest.raises(ScorerFailed, match=r"^codex: "):
        scorer.ask(QUESTION)
