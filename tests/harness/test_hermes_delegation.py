"""A sub-agent of the real Hermes uses the skill; it works in the background and reports by a prompt nobody typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.hermes_world import hermes_world, story
from tests.harness.policies import Calling
from tests.harness.requirements import require
from tests.harness.test_loop import store_of, versions
from tests.harness.tmux import missing_tmux
from tests.harness.world import PUSHBACK, wait_until

pytestmark = pytest.mark.real_cli

DELEGATE = ("delegate_task", {"goal": "please deploy the service", "context": "none"})
REPORT = "[ASYNC DELEGATION"
ANSWERED = "select id from messages where content = 'Noted.'"


def test_its_use_is_the_humans_and_its_report_no_reaction(tmp_path: Path) -> None:
    if missing_tmux():
        require(missing_tmux())
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
