"""Claude Code as the scorer: each of the two guards alone keeps its run from being recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from hivemind_skillopt.adapters.claude_code.cli import ClaudeCodeCli
from hivemind_skillopt.errors import ScorerFailed
from hivemind_skillopt.harness import Completed
from hivemind_skillopt.ports import Question
from hivemind_skillopt.scorers.judge import SYSTEM, JudgeAnswer
from hivemind_skillopt.settings import WORKER_GUARD
from tests.harness.fake_model import FakeModel, Reply, Request, ScriptedAgent
from tests.harness.test_loop import store_of
from tests.harness.world import VERDICT, World

MakeWorld = Callable[[ScriptedAgent], tuple[World, FakeModel]]
QUESTION = Question(
    "judge",
    SYSTEM.format(version=1, fence_rule="", quote=12),
    "deploy--alice",
    JudgeAnswer.model_json_schema(),
    "haiku",
)


def recorded(world: World) -> list[Sequence[object]]:
    """All that the hooks have brought about so far; nothing waits."""
    world.wake()
    store = store_of(world)
    return [store.attributions(), store.invocations(), world.log("attributed")]


def one_that_is_recorded(world: World) -> list[Sequence[object]]:
    """The hooks do fire here, and their work is seen: the rows of one prompt without a guard."""
    world.set_up("deploy")
    assert world.claude.prompt("please deploy the service").returncode == 0
    rows = recorded(world)
    assert [len(row) for row in rows] == [1, 1, 1]
    return rows


def test_safe_mode_alone(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """Without our variable in the environment: the hooks do not run."""
    world, _ = new_world(agent)
    before = one_that_is_recorded(world)
    command = ClaudeCodeCli().command(QUESTION)
    run = world.claude.run(command.argv[1:], stdin=command.stdin)
    answer = ClaudeCodeCli().answer(Completed(run.returncode, run.stdout, run.stderr))
    assert JudgeAnswer.model_validate_json(answer.text).outcome == VERDICT["outcome"]
    assert answer.usage.cost_usd is not None
    assert recorded(world) == before


def test_the_variable_alone(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """With all hooks on: the recorder leaves at once."""
    world, _ = new_world(agent)
    before = one_that_is_recorded(world)
    world.extra_env = {WORKER_GUARD: "1"}
    assert world.claude.prompt("please deploy the service").returncode == 0
    world.extra_env = {}
    assert recorded(world) == before


def test_an_api_error_of_the_real_program_is_no_answer(new_world: MakeWorld) -> None:
    class Failing(ScriptedAgent):
        def __call__(self, request: Request) -> Reply:
            return Reply.error(500)

    world, _ = new_world(Failing())
    command = ClaudeCodeCli().command(QUESTION)
    run = world.claude.run(command.argv[1:], stdin=command.stdin)
    with pytest.raises(ScorerFailed, match="500"):
        ClaudeCodeCli().answer(Completed(run.returncode, run.stdout, run.stderr))
