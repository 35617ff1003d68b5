"""The main job with two real versions of pi: used -> pushback -> version 2 on disk. pi itself is the scorer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.fake_model import FakeModel, ScriptedAgent
from tests.harness.pi import NEW, OLD, read_skill, run_shell
from tests.harness.pi_world import PiWorld, pi_world, story
from tests.harness.requirements import require
from tests.harness.test_loop import assert_whole_story, store_of, versions
from tests.harness.tmux import missing_tmux
from tests.harness.world import PUSHBACK, verdict, wait_until

pytestmark = pytest.mark.real_cli

BOTH = pytest.mark.parametrize("version", [OLD, NEW])


def only_session(world: PiWorld) -> str:
    """The worker's own pi leaves none."""
    (session,) = world.pi.sessions()
    return session


@BOTH
def test_the_model_uses_the_skill_and_the_user_pushes_back(tmp_path: Path, version: str) -> None:
    with pi_world(tmp_path, version) as (world, model):
        world.set_up("deploy")
        first = world.pi.prompt("please deploy the service")
        assert (first.returncode, first.stdout) == (0, "Done.\n")
        second = world.pi.go_on(PUSHBACK)
        assert (second.returncode, second.stdout) == (0, "Noted.\n")
        assert_whole_story(world, model, only_session(world), "path")
        assert_judged_once(model)
        assert world.pi.go_on("thanks").stdout == "Noted.\n"
        assert model.requests[-1].prompt.count(PUSHBACK) == 1, "it goes on with the user's session, not the worker's"
        assert {entry["session"] for entry in world.log("attributed")} == {only_session(world)}


def assert_judged_once(model: FakeModel) -> None:
    """The judge sees what the user said once, as the reaction; nobody gave it a tool."""
    (judged,) = [request for request in model.requests if request.role == "judge"]
    assert judged.prompt.count(PUSHBACK) == judged.prompt.count(f"USER (reaction): {PUSHBACK}") == 1
    assert judged.tools == ()


@BOTH
def test_the_user_types_the_skill_and_pushes_back(tmp_path: Path, version: str) -> None:
    with pi_world(tmp_path, version) as (world, model):
        world.set_up("deploy")
        world.pi.prompt("/skill:deploy--alice staging")
        world.pi.go_on(PUSHBACK)
        assert_whole_story(world, model, only_session(world), "slash")


@BOTH
def test_in_the_terminal(tmp_path: Path, version: str) -> None:
    """A whole session: the skill is read, the user pushes back, and types it in a new session of the same process."""
    if missing_tmux():
        require(missing_tmux())
    with pi_world(tmp_path, version) as (world, model):
        world.set_up("deploy")
        with world.pi.tui() as tui:
            tui.type("please deploy the service")
            tui.wait_for("Done\\.")
            tui.type(PUSHBACK)
            tui.wait_for("Noted\\.")
            wait_until(lambda: world.log("published"), "the publication")
            assert_whole_story(world, model, only_session(world), "path")
            tui.type("/new")
            wait_until(lambda: len(world.log("attributed")) == 2, "the attribution of the new session")
            tui.type("/skill:deploy--alice to staging")
            wait_until(lambda: len(world.pi.sessions()) == 2, "the answer")
            world.wake()
        used, before = store_of(world).invocations()
        assert (used.version, used.provenance) == (2, "slash")
        assert (before.version, before.provenance) == (1, "path")
        assert used.session_id != before.session_id
        assert set(world.pi.sessions()) == {used.session_id, before.session_id}


def test_words_typed_with_a_skill_are_for_the_use_before(tmp_path: Path) -> None:
    """`/skill:deploy--alice no, ...` is a reaction to the first use, never to its own."""
    with pi_world(tmp_path, NEW) as (world, model):
        world.set_up("deploy")
        world.pi.prompt("please deploy the service")
        world.pi.go_on(f"/skill:deploy--alice {PUSHBACK}")
        world.settle()
        second, first = store_of(world).invocations()
        assert (second.provenance, first.provenance) == ("slash", "path")
        (found,) = store_of(world).verdicts()
        assert found.invocation_id == first.id
        (judged,) = [request for request in model.requests if request.role == "judge"]
        assert judged.prompt.count(PUSHBACK) == 1


def test_steering_words_are_a_reaction(tmp_path: Path) -> None:
    """Typed while the agent works, after it has read the skill."""
    if missing_tmux():
        require(missing_tmux())
    agent = ScriptedAgent(
        skill_for={"please deploy": ["deploy--alice"]}, bash_for={"please deploy": "sleep 3"}, judge=verdict("ok"),
        use_skill=read_skill(tmp_path / "home" / ".pi" / "agent" / "skills"), use_shell=run_shell,
    )  # fmt: skip
    with pi_world(tmp_path, NEW, agent) as (world, model):
        world.set_up("deploy")
        with world.pi.tui() as tui:
            tui.type("please deploy the service")
            tui.wait_for("sleep 3")
            tui.type(PUSHBACK)
            tui.wait_for("Noted\\.")
            wait_until(lambda: world.log("verdict"), "the verdict")
        world.settle()
        (found,) = store_of(world).verdicts()
        assert found.outcome == "ok"
        (judged,) = [request for request in model.requests if request.role == "judge"]
        assert judged.prompt.count(PUSHBACK) == 1


def test_a_skill_that_changed_while_it_was_read(tmp_path: Path) -> None:
    """The session file says which version was loaded, not the disk of later."""
    agent = story(tmp_path)
    with pi_world(tmp_path, NEW, agent) as (world, model):
        world.set_up("deploy")
        world.pi.prompt("please deploy the service")
        source = world.write_skill("deploy") / "SKILL.md"
        source.write_text(source.read_text().replace("Build the service.", "Build and test the service."))
        world.run("push", str(source.parent))
        world.run("pull")
        world.pi.go_on(PUSHBACK)
        world.settle()
        (found,) = store_of(world).verdicts()
        assert (found.version, found.version_source) == (1, "transcript")
        (judged,) = [request for request in model.requests if request.role == "judge"]
        assert "Build and test" not in judged.prompt
        assert versions(world) == [1, 2, 3]
