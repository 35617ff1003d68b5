"""Traps of the interactive Claude Code, in tmux: what a person does there that `-p` never does."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.harness.claude_code import TuiSession, missing_tmux
from tests.harness.fake_model import FakeModel, Policy, Request, ScriptedAgent
from tests.harness.policies import Slow
from tests.harness.requirements import require
from tests.harness.test_loop import assert_whole_story, store_of, versions
from tests.harness.world import NEW_LINE, PUSHBACK, VERDICT, World, verdict, wait_until

NOTICES_SECONDS = 4.0
"""The terminal was seen to use a skill's old text up to 3.5 s after the link was switched."""

MakeWorld = Callable[[Policy], tuple[World, FakeModel]]


@dataclass
class Person:
    """Somebody at the terminal."""

    world: World
    tui: TuiSession

    def say(self, text: str) -> None:
        """Type it and wait until the agent has ended its turn."""
        turns = len(self.world.told("Stop"))
        self.tui.type(text)
        self.world.wait_for("Stop", turns + 1)

    @property
    def session(self) -> str:
        return str(self.world.told("SessionStart")[0]["session_id"])


@contextmanager
def at_the_terminal(world: World) -> Iterator[Person]:
    """A machine with the skill, and the program open."""
    if missing_tmux():
        require(missing_tmux())
    world.set_up("deploy")
    world.spy()
    with TuiSession(world.claude) as tui:
        world.wait_for("SessionStart")
        yield Person(world, tui)


def records(world: World, session: str) -> list[dict[str, object]]:
    """The transcript so far."""
    return [json.loads(line) for line in world.claude.transcript(session).read_text().split("\n")[:-1]]


def judge_by_words(request: Request) -> dict[str, object]:
    """Blames the skill for the pushback alone."""
    return VERDICT if PUSHBACK in request.prompt else verdict("ok")


def judged(model: FakeModel) -> list[Request]:
    return [request for request in model.requests if request.role == "judge"]


def test_the_whole_loop_and_the_next_use(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """The program reads an edited skill again in the same session: the version is that of the call, not the start."""
    world, model = new_world(agent)
    with at_the_terminal(world) as person:
        person.say("please deploy the service")
        person.say(PUSHBACK)
        assert_whole_story(world, model, person.session, "tool")
        time.sleep(NOTICES_SECONDS)
        person.say("please deploy the service once more")
        person.say("thanks")
        world.settle()
    last = [request for request in model.requests if request.role == "agent"][-1]
    assert NEW_LINE in last.prompt
    assert model.count("judge") == 1
    assert sorted(row.version for row in store_of(world).invocations()) == [1, 2]


def test_a_typed_skill(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    world, model = new_world(agent)
    with at_the_terminal(world) as person:
        person.say("/deploy--alice staging")
        person.say(PUSHBACK)
        assert_whole_story(world, model, person.session, "slash")


def test_clear_begins_another_session(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    world, model = new_world(agent)
    with at_the_terminal(world) as person:
        person.say("please deploy the service")
        person.tui.type("/clear")
        new = world.wait_for("SessionStart", 2)
        person.say(PUSHBACK)
        status = world.settle()
    (ended,) = [payload for payload in world.told("SessionEnd") if payload["reason"] == "clear"]
    assert (new["source"], ended["session_id"]) == ("clear", person.session)
    assert world.told("UserPromptSubmit")[-1]["session_id"] == new["session_id"] != person.session
    store = store_of(world)
    assert (model.count("judge"), store.verdicts(), status["windows_open"]) == (0, [], 1)
    attributed = [row.session_id for row in store.attributions()]
    assert sorted(attributed) == sorted([person.session, new["session_id"]])


def test_compact_is_the_same_session(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """The judge still sees the use: the chain goes on before the summary, by another name."""
    world, model = new_world(agent)
    with at_the_terminal(world) as person:
        person.say("please deploy the service")
        person.tui.type("/compact")
        again = world.wait_for("SessionStart", 2)
        person.say(PUSHBACK)
        assert_whole_story(world, model, person.session, "tool")
    assert (again["source"], again["session_id"]) == ("compact", person.session)
    assert any(record.get("logicalParentUuid") for record in records(world, person.session))
    (asked,) = judged(model)
    assert "USER: please deploy the service" in asked.prompt
    assert "TOOL (the skill is used here): Skill: ok" in asked.prompt
    assert "session is being continued" not in asked.prompt


def test_typed_while_a_tool_runs(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """No hook fires for it. It is found when the next reaction is judged, and counts."""
    world, model = new_world(agent)
    free = world.root / "free"
    agent.bash_for = {"please deploy": f"until [ -e {free} ]; do sleep 0.1; done"}
    agent.judge = judge_by_words
    with at_the_terminal(world) as person:
        person.tui.type("please deploy the service")
        wait_until(lambda: any(call["tool_name"] == "Bash" for call in world.told("PreToolUse")), "the slow tool")
        person.tui.type(PUSHBACK)
        queued = "queue-operation"
        wait_until(lambda: any(r["type"] == queued for r in records(world, person.session)), "the queued prompt")
        free.touch()
        world.wait_for("Stop")
        world.wake()
        assert len(world.told("UserPromptSubmit")) == 1
        assert store_of(world).verdicts() == []
        person.say("and please write the release notes")
        world.settle()
    store = store_of(world)
    assert [prompt["prompt"] for prompt in world.told("UserPromptSubmit")][1:] == ["and please write the release notes"]
    (found,) = store.verdicts()
    assert (found.outcome, len(found.reaction_ids), versions(world)) == ("skill_fault", 2, [1, 2])
    (asked,) = judged(model)
    assert asked.prompt.count("USER (reaction): ") == 2


def test_typed_while_the_model_speaks(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """It is sent after the turn, and its hook fires then: one reaction."""
    slow = Slow(agent, "agent", "tell me a story")
    agent.judge = judge_by_words
    world, model = new_world(slow)
    with at_the_terminal(world) as person:
        person.say("please deploy the service")
        person.tui.type("tell me a story about it")
        wait_until(lambda: any(r.role == "agent" and slow.text in r.prompt for r in model.requests), "the question")
        person.tui.type(PUSHBACK)
        slow.go_on.set()
        world.wait_for("Stop", 3)
        world.settle()
    assert [prompt["prompt"] for prompt in world.told("UserPromptSubmit")][2:] == [PUSHBACK]
    assert {found.outcome for found in store_of(world).verdicts()} >= {"skill_fault"}
    reactions = [one for found in store_of(world).verdicts() for one in found.reaction_ids]
    assert len(set(reactions)) == 2


def test_an_interrupted_turn_is_no_reaction(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    world, model = new_world(agent)
    agent.bash_for = {"please deploy": "sleep 600"}
    with at_the_terminal(world) as person:
        person.tui.type("please deploy the service")
        wait_until(lambda: any(call["tool_name"] == "Bash" for call in world.told("PreToolUse")), "the slow tool")
        person.tui.press("Escape")
        person.tui.wait_for("Interrupted")
        status = world.wake()
        assert (model.count("judge"), status["windows_open"], world.told("Stop")) == (0, 1, [])
        person.say(PUSHBACK)
        assert_whole_story(world, model, person.session, "tool")
    (asked,) = judged(model)
    assert asked.prompt.count("USER (reaction): ") == 1
    assert "Request interrupted" not in asked.prompt


def test_a_prompt_that_is_taken_back(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """Esc right after sending puts the text back, but its hook has fired: it was said. Sent again, nothing doubles."""
    slow = Slow(agent, "agent", PUSHBACK)
    world, model = new_world(slow)
    with at_the_terminal(world) as person:
        person.say("please deploy the service")
        person.tui.type(PUSHBACK)
        wait_until(lambda: any(r.role == "agent" and PUSHBACK in r.prompt for r in model.requests), "the question")
        person.tui.press("Escape")
        person.tui.wait_for(r"─\s*\n\S\s" + PUSHBACK)  # on the input line, between two rules
        slow.go_on.set()
        person.tui.press("Enter")
        world.wait_for("Stop", 2)
        world.settle()
    assert [prompt["prompt"] for prompt in world.told("UserPromptSubmit")][1:] == [PUSHBACK, PUSHBACK]
    assert [found.outcome for found in store_of(world).verdicts()] == ["skill_fault"]
    assert versions(world) == [1, 2]


def test_bash_mode_is_no_reaction(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    world, model = new_world(agent)
    with at_the_terminal(world) as person:
        person.say("please deploy the service")
        person.tui.press("!")
        person.tui.type("echo a-b | tr - _")
        person.tui.wait_for("a_b")
        assert len(world.told("UserPromptSubmit")) == 1
        person.say(PUSHBACK)
        assert_whole_story(world, model, person.session, "tool")
    (asked,) = judged(model)
    assert "echo a-b" not in asked.prompt


def test_the_window_outlives_the_terminal(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """It is closed in the middle of the session: SessionEnd, then the session goes on elsewhere."""
    world, model = new_world(agent)
    with at_the_terminal(world) as person:
        person.say("please deploy the service")
        world.wake()
    assert world.wait_for("SessionEnd")["reason"] == "other"
    answer = world.claude.prompt(PUSHBACK, resume=person.session)
    assert answer.session_id == person.session
    assert_whole_story(world, model, person.session, "tool")
