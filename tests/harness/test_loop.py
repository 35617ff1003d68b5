"""The main job with the real Claude Code: used -> pushback -> version 2 on disk, and whatever must not follow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hivemind_skillopt.model import SkillRef
from hivemind_skillopt.store.engine import open_store
from hivemind_skillopt.store.sql import SqlStore
from tests.harness.fake_model import FakeModel, ScriptedAgent
from tests.harness.world import NEW_LINE, PROPOSAL, PUSHBACK, QUOTE, VERDICT, World, verdict

MakeWorld = Callable[[ScriptedAgent], tuple[World, FakeModel]]
DEPLOY = SkillRef("deploy", "alice")


def store_of(world: World) -> SqlStore:
    return open_store(f"sqlite:///{world.home}/.local/share/hivemind-skillopt/store.db", "local")


def versions(world: World, ref: str = "deploy--alice") -> list[int]:
    return [version["version"] for version in world.json("history", ref)]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def assert_whole_story(world: World, model: FakeModel, session: str, provenance: str) -> None:
    """Acceptance: version 2 with its parent, one row of each kind, the text on disk, nothing left over."""
    status = world.settle()
    history = world.json("history", "deploy--alice")
    assert [version["version"] for version in history] == [1, 2]
    assert history[1]["parent_sha256"] == history[0]["sha256"]
    store = store_of(world)
    (attributed,) = store.attributions()
    assert (attributed.session_id, [skill.version for skill in attributed.skills]) == (session, [1])
    (invocation,) = store.invocations()
    assert (invocation.provenance, invocation.version, invocation.version_source) == (provenance, 1, "transcript")
    (found,) = store.verdicts()
    assert (found.outcome, found.quote, found.invocation_id) == ("skill_fault", QUOTE, invocation.id)
    (proposal,) = store.proposals()
    assert (proposal.status, proposal.published_version) == ("published", 2)
    assert history[1]["proposal_id"] == proposal.id
    assert NEW_LINE in world.installed_text()
    assert world.inbox() == names(world.state / "set-aside") == []
    assert (status["jobs"], status["outbox"], status["windows_open"]) == (0, 0, 0)
    assert (model.count("judge"), model.count("proposer")) == (1, 1)
    assert [len(world.log(what)) for what in ("verdict", "proposal", "published", "pulled")] == [1, 1, 1, 2]


def test_the_model_uses_the_skill_and_the_user_pushes_back(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    world, model = new_world(agent)
    world.set_up("deploy")
    session = world.claude.prompt("please deploy the service").session_id
    answer = world.claude.prompt(PUSHBACK, resume=session)
    assert (answer.returncode, answer.session_id) == (0, session)
    assert_whole_story(world, model, session, "tool")


def test_the_user_types_the_skill_and_pushes_back(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    world, model = new_world(agent)
    world.set_up("deploy")
    session = world.claude.prompt("/deploy--alice staging").session_id
    world.claude.prompt(PUSHBACK, resume=session)
    assert_whole_story(world, model, session, "slash")


def test_the_workers_own_claude_leaves_no_trace(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """The judge and the proposer run the real CLI: no event, no row, no session to continue."""
    world, model = new_world(agent)
    world.set_up("deploy")
    session = world.claude.prompt("please deploy the service").session_id
    world.claude.prompt(PUSHBACK, resume=session)
    world.settle()
    assert model.count("judge") == model.count("proposer") == 1
    assert world.claude.sessions() == [session]
    continued = world.claude.prompt("and now the notes", extra=["--continue"])
    assert continued.session_id == session
    world.settle()
    assert {row.session_id for row in store_of(world).attributions()} == {session}
    assert {entry["session"] for entry in world.log("attributed")} == {session}
    assert len(store_of(world).invocations()) == 1


@pytest.mark.parametrize("outcome", ["ok", "agent_fault", "user_change", "environment", "unclear"])
def test_other_outcomes_publish_nothing(new_world: MakeWorld, agent: ScriptedAgent, outcome: str) -> None:
    agent.judge = verdict(outcome)
    world, model = new_world(agent)
    world.set_up("deploy")
    session = world.claude.prompt("please deploy the service").session_id
    world.claude.prompt(PUSHBACK, resume=session)
    status = world.settle()
    assert [found.outcome for found in store_of(world).verdicts()] == [outcome]
    assert (versions(world), model.count("proposer"), status["windows_open"]) == ([1], 0, 1)


def test_after_k_reactions_the_next_prompt_costs_nothing(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    agent.judge = verdict("ok")
    world, model = new_world(agent)
    world.set_up("deploy")
    session = world.claude.prompt("please deploy the service").session_id
    for number in range(3):
        world.claude.prompt(f"please also do thing number {number} for me", resume=session)
        world.settle()
    assert (model.count("judge"), names(world.state / "sessions")) == (3, [])
    before = names(world.state)
    session_starts_only(world)
    last_run = world.json("status")["last_worker_run"]
    world.claude.prompt("and this is the fourth message", resume=session)
    world.settle()
    assert (model.count("judge"), names(world.state), world.inbox()) == (3, before, [])
    assert world.json("status")["last_worker_run"] == last_run


def session_starts_only(world: World) -> None:
    """`-p --resume` starts a session each time; take that hook out, so that only the prompt's is seen."""
    import json

    path = world.home / ".claude" / "settings.json"
    settings = json.loads(path.read_text())
    del settings["hooks"]["SessionStart"]
    path.write_text(json.dumps(settings))


def test_two_skills_in_one_message_get_two_windows(new_world: MakeWorld) -> None:
    agent = ScriptedAgent(
        skill_for={"please deploy": ["deploy--alice", "release--alice"]}, judge=VERDICT, proposer=PROPOSAL
    )
    world, model = new_world(agent)
    world.set_up("deploy", "release")
    session = world.claude.prompt("please deploy the service").session_id
    world.claude.prompt(PUSHBACK, resume=session)
    world.settle()
    store = store_of(world)
    assert sorted(str(row.ref) for row in store.invocations()) == ["deploy--alice", "release--alice"]
    assert [row.version_source for row in store.invocations()] == ["transcript", "transcript"]
    assert model.count("judge") == len(store.verdicts()) == 2
    assert sorted([versions(world, "deploy--alice"), versions(world, "release--alice")]) == [[1], [1, 2]]
    assert sorted(proposal.status for proposal in store.proposals()) == ["held", "published"]


def test_the_verdict_names_the_version_that_was_loaded(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """`-p` loads the text of its start; the disk has a newer one when the hook runs."""
    world, model = new_world(agent)
    world.set_up("deploy")
    source = world.write_skill("deploy")

    def swap() -> None:
        text = (source / "SKILL.md").read_text().replace("Build the service.", "Build and test the service.")
        (source / "SKILL.md").write_text(text)
        world.run("push", str(source))
        world.run("pull")

    agent.before_skill_call = swap
    session = world.claude.prompt("please deploy the service").session_id
    assert "Build and test" in world.installed_text()
    world.claude.prompt(PUSHBACK, resume=session)
    world.settle()
    store = store_of(world)
    (found,) = store.verdicts()
    assert (found.version, found.version_source) == (1, "transcript")
    (judged,) = [request for request in model.requests if request.role == "judge"]
    assert "Build the service." in judged.prompt
    assert "Build and test" not in judged.prompt
    assert versions(world) == [1, 2, 3]
    (proposal,) = store.proposals()
    assert proposal.parent_version == 2


def test_a_local_folder_that_looks_like_an_org_skill(new_world: MakeWorld) -> None:
    agent = ScriptedAgent(skill_for={"please deploy": ["deploy--blue-green"]}, judge=VERDICT, proposer=PROPOSAL)
    world, model = new_world(agent)
    world.set_up("deploy")
    local = world.home / ".claude" / "skills" / "deploy--blue-green"
    local.mkdir()
    (local / "SKILL.md").write_text("---\nname: deploy--blue-green\ndescription: local\n---\n\nSwitch colours.\n")
    session = world.claude.prompt("please deploy the service").session_id
    world.claude.prompt(PUSHBACK, resume=session)
    world.settle()
    store = store_of(world)
    assert (store.invocations(), store.verdicts(), model.count("judge")) == ([], [], 0)
    (attributed,) = store.attributions()
    assert [str(skill.ref) for skill in attributed.skills] == ["deploy--alice"]
    assert world.json("list")[0]["ref"] == "deploy--alice"
    assert len(world.json("list")) == 1
