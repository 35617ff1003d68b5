"""The real Claude Code as the scorer of the whole worker: a failure is put off, then told; later answers count."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hivemind_skillopt.model import SECOND
from tests.harness.claude_code import find_claude, missing_claude
from tests.harness.fake_model import FakeModel, Reply, Request, ScriptedAgent
from tests.harness.requirements import require
from tests.harness.world import PATIENCE, PROPOSAL, PUSHBACK, VERDICT, World
from tests.scorers.attempts import assert_backed_off, status, work_until_it_gives_up
from tests.worker.conftest import lab
from tests.worker.lab import FAULT, REACTION, Lab

__all__ = ["lab"]

pytestmark = pytest.mark.real_cli

KEY = "k-an-ordinary-word-of-a-key"
OK = {**FAULT, "outcome": "ok", "quote": None}


@pytest.fixture
def binary() -> Path:
    found = find_claude()
    if found is None:
        require(missing_claude())
    return found


def choose(lab: Lab, path: str, url: str, key: str = KEY) -> None:
    """The lab's person asks their own CLI."""
    lab.environ.update(
        {
            "HIVEMIND_SKILLOPT_SCORER": "agent_cli", "PATH": path, "ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": key,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        }
    )  # fmt: skip


def path_to(binary: Path) -> str:
    return f"{binary.parent}{os.pathsep}{os.environ['PATH']}"


def outcomes(lab: Lab) -> list[str]:
    return [verdict.outcome.value for verdict in lab.store.verdicts()]


REPLIES = {"529": Reply.error(529), "prose": Reply.text(f"Sure! {json.dumps(FAULT)}")}


@pytest.mark.parametrize("kind", REPLIES)
def test_put_off_then_told_and_nothing_of_it_is_kept(lab: Lab, binary: Path, kind: str) -> None:
    with FakeModel(lambda request: REPLIES[kind]) as model:
        choose(lab, path_to(binary), model.url)
        lab.use()
        lab.react()
        work_until_it_gives_up(lab)
    assert_backed_off(lab)
    ((failed),) = status(lab)["jobs_failed"]
    assert failed == {"step": "judge", "why": failed["why"]}
    assert ("529" if kind == "529" else "did not answer with the JSON") in failed["why"]
    assert (outcomes(lab), lab.holding(KEY, REACTION)) == ([], [])


@pytest.mark.parametrize(
    ("kind", "why"),
    [("missing", "`claude` is not on the PATH"), ("no key", "Not logged in"), ("401", "401"), ("hang up", "claude")],
)
def test_later_the_verdict_comes(lab: Lab, binary: Path, kind: str, why: str) -> None:
    """Also once the person has done what the error asked for."""
    bad = {"401": Reply.error(401), "hang up": Reply.hang(0)}.get(kind, Reply.structured(OK))
    replies: list[Reply] = []
    with FakeModel(lambda request: replies[-1]) as model:
        replies.append(bad)
        path = os.defpath if kind == "missing" else path_to(binary)
        choose(lab, path, model.url, "" if kind == "no key" else KEY)
        lab.use()
        lab.react()
        lab.work()
        assert outcomes(lab) == []
        assert why in str(lab.log("job_failed")[0]["why"])
        replies.append(Reply.structured(OK))
        choose(lab, path_to(binary), model.url)
        lab.now += 3600 * SECOND
        lab.work()
    assert (outcomes(lab), lab.left()) == (["ok"], [0, 0, 0])


@dataclass
class FailingFirst(ScriptedAgent):
    """A judge whose server is overloaded for the first run of the CLI, which asks twice."""

    failures: list[int] = field(default_factory=lambda: [529, 529])

    def __call__(self, request: Request) -> Reply:
        if request.role == "judge" and self.failures:
            return Reply.error(self.failures.pop())
        return super().__call__(request)


def test_the_detached_worker_tries_again_by_itself(
    new_world: Callable[[ScriptedAgent], tuple[World, FakeModel]],
) -> None:
    """Real clock, real processes: the session has long ended when the second attempt is made."""
    skills: Mapping[str, list[str]] = {"please deploy": ["deploy--alice"]}
    world, model = new_world(FailingFirst(skill_for=skills, judge=VERDICT, proposer=PROPOSAL))
    world.set_up("deploy")
    session = world.claude.prompt("please deploy the service").session_id
    world.claude.prompt(PUSHBACK, resume=session)
    deadline = time.monotonic() + 2 * PATIENCE
    while not world.log("published"):
        assert time.monotonic() < deadline, world.run("log").stdout
        time.sleep(0.2)
    world.settle()
    (failed,) = world.log("job_failed")
    assert "529" in failed["why"]
    assert (len(world.log("verdict")), model.count("judge")) == (1, 3)
    assert world.json("status")["jobs_failed"] == []
