"""The real pi as the scorer: it leaves no trace, and every way to fail is no verdict."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from hivemind_skillopt.adapters.pi.cli import PiCli
from hivemind_skillopt.errors import ScorerFailed
from hivemind_skillopt.harness import AgentCli
from hivemind_skillopt.scorers.agent_cli import AgentCliScorer
from hivemind_skillopt.scorers.ask import ask_json
from hivemind_skillopt.scorers.judge import JudgeAnswer
from hivemind_skillopt.settings import WORKER_GUARD
from hivemind_skillopt.state.running_calls import RunningCalls
from tests.harness.fake_model import Reply, Request
from tests.harness.pi import NEW, SETTINGS
from tests.harness.pi_world import PiWorld, pi_world
from tests.harness.test_pi_loop import BOTH
from tests.harness.test_scorer_failures import QUESTION, noting
from tests.harness.world import VERDICT
from tests.scorers.fakes import CountingBudget
from tests.scorers.processes import still_running

pytestmark = pytest.mark.real_cli

GOOD = Reply.structured(VERDICT)


def judge(world: PiWorld, timeout: float = 120, cli: AgentCli | None = None) -> JudgeAnswer:
    """One judgement, as the worker asks for it."""
    calls = RunningCalls(world.root / "calls")
    scorer = AgentCliScorer(cli or PiCli(), world.environ, calls, timeout)
    return ask_json(scorer, CountingBudget(), QUESTION, JudgeAnswer)[0]


@BOTH
def test_a_good_answer_by_each_guard_alone(tmp_path: Path, version: str) -> None:
    """Our options keep extensions out without the variable; the variable silences ours where they are on."""
    with pi_world(tmp_path, version, lambda _: GOOD) as (world, model):
        world.set_up("deploy")
        (world.pi.folder / "APPEND_SYSTEM.md").write_text("Always answer in French.")
        (world.pi.folder / "AGENTS.md").write_text("Never answer in JSON.")
        assert judge(world).outcome == VERDICT["outcome"]
        command = PiCli().command(replace(QUESTION, provider="lab", model="other-model"))
        done = world.pi.run(*command.argv[1:], stdin=command.stdin)
        assert (done.returncode, JudgeAnswer.model_validate_json(done.stdout).outcome) == (0, VERDICT["outcome"])
        world.extra_env = {WORKER_GUARD: "1"}
        world.pi.prompt("/skill:deploy--alice now", "--no-session")
        world.extra_env = {}
        assert (world.inbox(), world.log("attributed"), world.pi.sessions()) == ([], [], [])
        by_default, named, _ = model.requests
        assert (by_default.model, named.model) == ("fake-model", "other-model")
        for request in (by_default, named):
            assert (request.role, request.tools, request.prompt) == ("judge", (), QUESTION.prompt)
            assert not any(word in request.system for word in ("French", "JSON.", "deploy--alice"))


def test_a_key_that_only_a_variable_of_the_users_holds(tmp_path: Path) -> None:
    with pi_world(tmp_path, NEW, lambda _: GOOD) as (world, _):
        models = world.pi.folder / "models.json"
        models.write_text(models.read_text().replace("fake-key", "$KEY_OF_THE_LAB"))
        world.extra_env = {"KEY_OF_THE_LAB": "sk-test"}
        with pytest.raises(ScorerFailed, match=r"API key|KEY_OF_THE_LAB"):
            judge(world)
        assert judge(world, cli=PiCli().at(world.pi.folder)).outcome == VERDICT["outcome"]


TOLD_AT_ONCE = {
    "401": Reply.error(401, "invalid key"),
    "404": Reply.error(404, "no such model"),
    "empty": Reply.text(""),
    "prose": Reply.text("The skill is fine, everything is ok."),
    "cut off by its length": Reply.cut_by_length('{"outcome": "ok", "confid'),
}


@BOTH
def test_failures_that_are_told_at_once(tmp_path: Path, version: str) -> None:
    replies = list(TOLD_AT_ONCE.values())
    with pi_world(tmp_path, version, lambda request: replies[0]) as (world, model):
        while replies:
            before = len(model.requests)
            with pytest.raises(ScorerFailed):
                judge(world)
            assert len(model.requests) > before
            replies.pop(0)
        assert world.pi.sessions() == []


def test_the_newer_one_keeps_back_what_its_model_had_no_tokens_to_end(tmp_path: Path) -> None:
    """Even where the text looks whole: it is silent and ends with code 0."""
    with pi_world(tmp_path, NEW, lambda _: Reply.cut_by_length(json.dumps(VERDICT))) as (world, model):
        with pytest.raises(ScorerFailed, match="pi gave an empty answer"):
            judge(world)
        assert len(model.requests) == 1


TRIED_AGAIN = {
    "429": Reply.error(429, "slow down"),
    "500": Reply.error(500, "broken"),
    "stream cut": Reply.truncated(),
    "no answer of a model": Reply.garbage(),
}


@BOTH
def test_failures_after_which_pi_tries_again(tmp_path: Path, version: str) -> None:
    """All at once; by its own setting it waits shorter than the 14 and 20 s that the versions would in each."""

    def fails(what: str, reply: Reply) -> None:
        (tmp_path / what).mkdir()
        with pi_world(tmp_path / what, version, lambda _: reply) as (world, model):
            (world.pi.folder / "settings.json").write_text(json.dumps({**SETTINGS, "retry": {"baseDelayMs": 100}}))
            with pytest.raises(ScorerFailed):
                judge(world)
            assert len(model.requests) > 1

    with ThreadPoolExecutor() as pool:
        list(pool.map(fails, TRIED_AGAIN, TRIED_AGAIN.values()))


@BOTH
def test_one_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path, version: str) -> None:
    found: list[int] = []
    with pi_world(tmp_path, version, noting(found, Reply.hang(100))) as (world, _):
        with pytest.raises(
            ScorerFailed, match="did not answer within 12 s"
        ):  # the old one alone takes seconds to start
            judge(world, timeout=12)
        assert found
        assert still_running(*found) == []


@BOTH
def test_a_tool_that_the_model_calls_all_the_same_does_not_run(tmp_path: Path, version: str) -> None:
    called = tmp_path / "called"

    def policy(request: Request) -> Reply:
        asked_before = bool(request.tool_results_since_human)
        return GOOD if asked_before else Reply.tools([("bash", {"command": f"touch {called}"})])

    with pi_world(tmp_path, version, policy) as (world, model):
        assert judge(world).outcome == VERDICT["outcome"]
        assert (len(model.requests), called.exists()) == (2, False)
