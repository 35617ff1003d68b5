"""The main job with the real Hermes: used -> pushback -> version 2 on disk, with Hermes itself as the scorer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.fake_model import ScriptedAgent
from tests.harness.hermes_world import hermes_world, story
from tests.harness.policies import Calling
from tests.harness.requirements import require
from tests.harness.test_loop import assert_whole_story, names, store_of, versions
from tests.harness.tmux import missing_tmux
from tests.harness.world import PUSHBACK, QUOTE, wait_until

pytestmark = pytest.mark.real_cli


def test_the_model_uses_the_skill_and_the_user_pushes_back(tmp_path: Path) -> None:
    """And the worker's own two runs leave no event, no row and no session to resume."""
    with hermes_world(tmp_path) as (world, model):
        world.set_up("deploy")
        session = world.hermes.prompt("please deploy the service").session_id
        answer = world.hermes.prompt(PUSHBACK, resume=session)
        assert (answer.returncode, answer.session_id) == (0, session)
        assert_whole_story(world, model, session, "tool")
        assert "- deploy--alice: " in next(one for one in model.requests if one.role == "agent").system
        (judged,) = [request for request in model.requests if request.role == "judge"]
        assert judged.prompt.count(QUOTE) == 1
        assert (judged.tools, judged.prompt.count("skill_view: ok")) == ((), 1)
        assert world.hermes.sessions() == [session]
        continued = world.hermes.run(["chat", "-Q", "-c", "-q", "and now the notes"])
        assert f"session_id: {session}" in continued.stderr
        world.settle()
        assert {row.session_id for row in store_of(world).attributions()} == {session}
        assert len(store_of(world).invocations()) == 1


def test_the_user_types_the_skill_and_pushes_back(tmp_path: Path) -> None:
    """`/deploy-alice`: Hermes folds the hyphens."""
    if missing_tmux():
        require(missing_tmux())
    with hermes_world(tmp_path) as (world, model):
        world.set_up("deploy")
        with world.hermes.terminal() as tui:
            tui.type("/deploy-alice to staging")
            tui.wait_for("Done")
            wait_until(lambda: store_of(world).invocations() or world.wake(), "the invocation")
            tui.type(PUSHBACK)
            tui.wait_for("Noted")
            (session,) = world.hermes.sessions()
            assert_whole_story(world, model, session, "slash")


def test_a_skill_that_was_edited_in_hermes_is_never_judged(tmp_path: Path) -> None:
    """Its own skill_manage does not see a linked skill; by the link's path the model can write."""
    patch = {"action": "patch", "name": "deploy--alice", "old_string": "Build", "new_string": "Build and test"}
    file = tmp_path / "home" / ".hermes" / "org-skills" / "deploy--alice" / "SKILL.md"
    edit = {"path": str(file), "old_string": "Build the service.", "new_string": "Build and test the service."}
    calls = {"manage the skill": ("skill_manage", patch), "edit the skill": ("patch", edit)}
    with hermes_world(tmp_path, Calling(story(), calls)) as (world, model):
        world.set_up("deploy")
        pulled = world.installed_text()
        session = world.hermes.prompt("manage the skill").session_id
        assert world.installed_text() == pulled
        world.hermes.prompt("edit the skill", resume=session)
        assert "Build and test" in world.installed_text()
        world.hermes.prompt("please deploy the service", resume=session)
        world.hermes.prompt(PUSHBACK, resume=session)
        world.wake()
        (invocation,) = store_of(world).invocations()
        assert (invocation.modified, store_of(world).verdicts(), model.count("judge")) == (True, [], 0)
        assert versions(world) == [1]


def test_an_acknowledgement_and_an_ok_publish_nothing(tmp_path: Path) -> None:
    agent = story()
    agent.judge = {**agent.judge, "outcome": "ok", "quote": None}  # type: ignore[dict-item]
    with hermes_world(tmp_path, agent) as (world, model):
        world.set_up("deploy")
        session = world.hermes.prompt("please deploy the service").session_id
        world.hermes.prompt("ok, thanks", resume=session)
        world.settle()
        assert model.count("judge") == 0
        world.hermes.prompt("and now the release notes please", resume=session)
        world.settle()
        assert [found.outcome for found in store_of(world).verdicts()] == ["ok"]
        assert (versions(world), model.count("proposer")) == ([1], 0)


def test_a_skill_of_that_name_that_was_not_pulled(tmp_path: Path) -> None:
    """A look-alike in Hermes' own skills; the pulled one of that name would make it refuse both as ambiguous."""
    agent = ScriptedAgent(skill_for={"please deploy": ["deploy--bob"]}, use_skill=story().use_skill)
    with hermes_world(tmp_path, agent) as (world, model):
        world.set_up("deploy")
        local = world.hermes.config / "skills" / "deploy--bob"
        local.mkdir(parents=True)
        (local / "SKILL.md").write_text("---\nname: deploy--bob\ndescription: local\n---\n\nSwitch colours.\n")
        session = world.hermes.prompt("please deploy the service").session_id
        world.hermes.prompt(PUSHBACK, resume=session)
        world.settle()
        assert (store_of(world).invocations(), model.count("judge")) == ([], 0)
        assert names(world.state / "set-aside") == []


def test_two_profiles_are_two_homes(tmp_path: Path) -> None:
    with hermes_world(tmp_path) as (world, model):
        world.set_up("deploy")
        work = world.profile("work")
        work.run("install", "--yes", "--harness", "hermes")
        work.run("pull")
        assert (work.skills / "deploy--alice" / "SKILL.md").is_file()
        session = world.hermes.run(["-p", "work", "chat", "-Q", "-q", "please deploy the service"])
        assert session.returncode == 0, session.stderr
        work.wake()
        (invocation,) = store_of(world).invocations()
        assert (str(invocation.ref), model.count("judge")) == ("deploy--alice", 0)
        assert len(store_of(world).attributions()) == 1
