"""A sub-agent of the real Codex uses the skill: its parent's session takes the reaction, and only the human's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.harness.codex_world import codex_world
from tests.harness.fake_model import Policy, Reply, Request
from tests.harness.test_loop import store_of
from tests.harness.world import PUSHBACK

pytestmark = pytest.mark.real_cli

DELEGATES = "gpt-5.1-codex"
"""A model that is given the tools for sub-agents as functions."""
ASKED = "have someone look after the release"
TASK = "SUBTASK: read the skill and follow it"


def delegating(usual: Policy, command: str) -> Policy:
    """The agent starts a sub-agent and waits for it; that one runs the command."""

    def policy(request: Request) -> Reply:
        if request.role != "agent" or PUSHBACK in request.prompt:
            return usual(request)
        results = request.tool_results_since_human
        if TASK in request.last_human:
            return Reply.text("I read it.") if results else Reply.tools([("exec_command", {"cmd": command})])
        if ASKED not in request.last_human:
            return Reply.text("Done.")
        if not results:
            return Reply.tools([("spawn_agent", {"message": TASK, "task_name": "worker"})])
        if len(results) == 1:
            agent = json.loads(results[0].text)["agent_id"]
            return Reply.tools([("wait_agent", {"targets": [agent], "timeout_ms": 60_000})])
        return Reply.text("Done.")

    return policy


def test_a_sub_agents_use_of_a_skill(tmp_path: Path) -> None:
    with codex_world(tmp_path, DELEGATES) as (world, server):
        world.set_up("deploy")
        server.policy = delegating(world.agent, f"cat {world.skills}/deploy--alice/SKILL.md")
        used = world.codex.prompt(ASKED)
        assert used.returncode == 0, used.stderr
        assert len(world.codex.sessions()) == 2, "the sub-agent has a rollout of its own"
        world.settle_after_use()
        assert [len(world.log(what)) for what in ("window_opened", "reaction_queued", "reaction_skipped")] == [1, 0, 0]
        assert world.codex.prompt(PUSHBACK, resume=used.session_id).returncode == 0
        world.settle()
        (invocation,) = store_of(world).invocations()
        assert (invocation.session_id, invocation.provenance) == (used.session_id, "path")
        (verdict,) = store_of(world).verdicts()
        assert (verdict.version, verdict.version_source) == (1, "transcript")
        (judged,) = (request for request in server.requests if request.role == "judge")
        assert ASKED in judged.prompt
        assert TASK not in judged.prompt, "nobody said that to the human's agent"
        assert len(world.log("published")) == 1
