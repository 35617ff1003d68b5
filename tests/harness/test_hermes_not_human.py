"""What happens in the user's session of the real Hermes without the user's word: a sub-agent, a review, `/retry`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.fake_model import Reply, Request
from tests.harness.hermes_world import hermes_world, story, view_skill
from tests.harness.policies import Calling
from tests.harness.requirements import require
from tests.harness.test_loop import store_of, versions
from tests.harness.tmux import missing_tmux
from tests.harness.world import PUSHBACK, wait_until

pytestmark = pytest.mark.real_cli

DELEGATE = ("delegate_task", {"goal": "please deploy the service", "context": "none"})
REPORT = "[ASYNC DELEGATION"
REVIEW = "Review the conversation above and "
DONE = "select id from messages where content = 'Done.'"
ANSWERED = "select id from messages where content = 'Noted.'"


@pytest.fixture(autouse=True)
def tmux() -> None:
    if missing_tmux():
        require(missing_tmux())


def test_a_sub_agents_use_is_the_humans_and_its_report_no_reaction(tmp_path: Path) -> None:
    """It works in the background and reports by a prompt that nobody typed."""
    with hermes_world(tmp_path, Calling(story(), {"let somebody do it": DELEGATE})) as (world, model):
        world.set_up("deploy")
        with world.hermes.terminal() as tui:
            tui.type("let somebody do it")
            wait_until(lambda: any(REPORT in one.prompt for one in model.requests), "the sub-agent's report")
            wait_until(lambda: len(world.hermes.rows(ANSWERED)) == 2, "the answer to it")
            wait_until(lambda: world.log("window_opened"), "the window")
            assert world.log("reaction_queued") == []
            tui.type(PUSHBACK)
            wait_until(lambda: world.log("published"), "version 2")
        world.settle()
        (session,) = world.hermes.sessions()
        (invocation,) = store_of(world).invocations()
        assert (invocation.session_id, invocation.version_source) == (session, "transcript")
        assert {row.session_id for row in store_of(world).attributions()} == {session}
        assert (len(world.log("reaction_queued")), model.count("judge"), versions(world)) == (1, 1, [1, 2])


def test_the_review_of_the_session_neither_uses_nor_reacts(tmp_path: Path) -> None:
    """It runs under the user's session id, sends a prompt, and here views the skill."""
    agent, reviews = story(), []

    def policy(request: Request) -> Reply:
        if REVIEW not in request.prompt:
            return agent(request)
        reviews.append(request)
        return Reply.tools([view_skill("deploy--alice")]) if len(reviews) == 1 else Reply.text("Nothing to save.")

    with hermes_world(tmp_path, policy) as (world, model):
        config = world.hermes.config / "config.yaml"
        config.write_text(world.config_text + "skills:\n  creation_nudge_interval: 1  # review each turn\n")
        world.set_up("deploy")
        with world.hermes.terminal() as tui:
            tui.type("please deploy the service")
            wait_until(lambda: len(reviews) > 1, "the review, after its call")
            world.wake()
            assert [entry["by"] for entry in world.log("window_opened")] == ["tool"]
            assert world.log("reaction_queued") == world.log("reaction_skipped") == []
            tui.type(PUSHBACK)
            wait_until(lambda: world.log("published"), "version 2")
        world.settle()
        assert len(store_of(world).invocations()) == len(world.log("reaction_queued")) == model.count("judge") == 1


def test_retry_says_nothing_new(tmp_path: Path) -> None:
    """It sends the last message once more as a new turn; the skill is used again."""
    with hermes_world(tmp_path) as (world, model):
        world.set_up("deploy")
        with world.hermes.terminal() as tui:
            tui.type("please deploy the service")
            wait_until(lambda: len(world.hermes.rows(DONE)) == 1, "the first answer")
            tui.type("/retry")
            wait_until(lambda: len(world.hermes.rows(DONE)) == 2, "the second answer")
        world.wake()
        assert len(world.log("window_opened")) == 2
        assert (world.log("reaction_queued"), world.log("reaction_skipped"), model.count("judge")) == ([], [], 0)


def test_the_same_words_typed_twice_are_two_reactions(tmp_path: Path) -> None:
    """Here the second time is about the second use."""
    agent = story()
    agent.judge = {**agent.judge, "outcome": "ok", "quote": None}  # type: ignore[dict-item]
    words = "please deploy the service, now really"
    with hermes_world(tmp_path, agent) as (world, model):
        world.set_up("deploy")
        with world.hermes.terminal() as tui:
            for times in (1, 2, 3):
                tui.type(words)
                wait_until(lambda n=times: len(world.hermes.rows(DONE)) == n, "the answer")  # type: ignore[misc]
                world.settle_after_use()
        assert len(world.log("window_opened")) == 3
        assert len(world.log("reaction_queued")) == len(store_of(world).verdicts()) == model.count("judge") == 2
