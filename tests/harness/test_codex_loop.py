"""The main job with the real Codex: used -> pushback -> version 2 on disk, and whatever must not follow."""

from __future__ import annotations

from pathlib import Path

import pytest

from hivemind_skillopt import launch
from tests.harness.codex import CODE, FUNCTIONS
from tests.harness.codex_world import CodexWorld, codex_world
from tests.harness.test_loop import assert_whole_story, store_of
from tests.harness.world import PUSHBACK

pytestmark = pytest.mark.real_cli


def use_and_push_back(world: CodexWorld, prompt: str = "please deploy the service") -> str:
    """By `codex exec`, then `codex exec resume`; the session."""
    used = world.codex.prompt(prompt)
    assert (used.returncode, used.text) == (0, "Done."), used.stderr
    answer = world.codex.prompt(PUSHBACK, resume=used.session_id)
    assert (answer.returncode, answer.session_id) == (0, used.session_id), answer.stderr
    return used.session_id


@pytest.mark.parametrize("model", [FUNCTIONS, CODE])
def test_the_model_reads_the_skill_and_the_user_pushes_back(tmp_path: Path, model: str) -> None:
    with codex_world(tmp_path, model) as (world, server):
        world.set_up("deploy")
        assert_whole_story(world, server, use_and_push_back(world), "path")


def test_the_user_mentions_the_skill_and_pushes_back(tmp_path: Path) -> None:
    """On a machine whose paths have spaces, quotes and letters."""
    root = tmp_path / "it's my $home `\u00fcn\u00ef`"
    root.mkdir()
    with codex_world(root) as (world, server):
        world.set_up("deploy")
        assert_whole_story(world, server, use_and_push_back(world, "$deploy--alice to staging"), "slash")


def test_the_workers_own_codex_leaves_no_trace(tmp_path: Path) -> None:
    """The judge and the proposer run the real CLI: no event, no row, no session to resume."""
    with codex_world(tmp_path) as (world, server):
        world.set_up("deploy")
        session = use_and_push_back(world)
        world.settle()
        assert server.count("judge") == server.count("proposer") == 1
        assert world.codex.sessions() == [session]
        continued = world.codex.run("exec", "--json", "--skip-git-repo-check", "resume", "--last", "and the notes")
        assert session in continued.stdout, continued.stderr
        world.settle()
        assert {row.session_id for row in store_of(world).attributions()} == {session}
        assert {entry["session"] for entry in world.log("attributed")} == {session}
        assert len(store_of(world).invocations()) == 1


def test_below_a_worker_no_hook_records(tmp_path: Path) -> None:
    """The guard alone: Codex hands its own variables to hooks that are there and trusted."""
    with codex_world(tmp_path) as (world, _):
        world.set_up("deploy")
        world.extra_env = {launch.GUARD: "1"}
        assert world.codex.prompt("please deploy the service").text == "Done."
        assert world.inbox() == []
        world.extra_env = {}
        session = world.codex.prompt("please deploy the service").session_id
        world.wake()
        assert {row.session_id for row in store_of(world).attributions()} == {session}
        assert [row.session_id for row in store_of(world).invocations()] == [session]
