"""Hostile prompts through the real Claude Code, a window open: it is unharmed, and they are judged if they can be."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from hivemind_skillopt.recorder import MAX_STDIN
from tests.harness.claude_code import GRANTS
from tests.harness.fake_model import FakeModel, Policy, ScriptedAgent
from tests.harness.test_loop import assert_whole_story, store_of, versions
from tests.harness.world import PUSHBACK, World

MakeWorld = Callable[[Policy], tuple[World, FakeModel]]

ODD = '\ufeff\u2028\u2029\u0085\u202e\u200b\x01\x1b[31m\x7f🦜e\u0301\r\n\t"\\\\u0000 {}\n'
"""Byte order mark, line separators of all kinds, direction marks, control characters, combining ones, JSON's own."""


def react(world: World, session: str, prompt: bytes) -> subprocess.CompletedProcess[bytes]:
    """A prompt by stdin, where it may be of any size and hold any byte."""
    argv = [str(world.binary), "-p", "--resume", session, GRANTS]
    claude = world.claude
    return subprocess.run(
        argv, input=prompt, cwd=claude.project, env=claude.env(), capture_output=True, timeout=120, check=False
    )


def open_window(world: World) -> str:
    world.set_up("deploy")
    world.spy()
    return world.claude.prompt("please deploy the service").session_id


@pytest.mark.parametrize(
    "prompt",
    [
        (ODD + PUSHBACK + ODD).encode(),
        PUSHBACK.encode() + b" \xff\xfe\x80 \xc3 \x00 " + bytes(range(128, 256)),
        (PUSHBACK + "\n" + "x" * 79 + "\n").encode() + (b"y" * 79 + b"\n") * 8000,
    ],
    ids=["odd characters", "binary", "640 kB"],
)
def test_a_hostile_reaction_is_judged(new_world: MakeWorld, agent: ScriptedAgent, prompt: bytes) -> None:
    world, model = new_world(agent)
    session = open_window(world)
    done = react(world, session, prompt)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"Noted.\n", b"")
    assert_whole_story(world, model, session, "tool")


def test_a_reaction_beyond_the_limit(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """2 MB: the program is unharmed. Half a payload is set aside, not judged; the window goes on."""
    world, model = new_world(agent)
    session = open_window(world)
    done = react(world, session, b"word " * (2 * MAX_STDIN // 5))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"Noted.\n", b"")
    assert len(world.told("UserPromptSubmit")[-1]["prompt"]) > MAX_STDIN
    status = world.settle()
    assert (model.count("judge"), status["windows_open"]) == (0, 1)
    (aside,) = world.log("set_aside")
    assert aside["why"]
    world.claude.prompt(PUSHBACK, resume=session)
    world.settle()
    assert ([found.outcome for found in store_of(world).verdicts()], versions(world)) == (["skill_fault"], [1, 2])


@pytest.mark.parametrize(
    "prompt", ["<task-notification>done</task-notification>", "<bash-input>rm -rf x</bash-input>"],
)  # fmt: skip
def test_text_that_looks_synthetic_is_no_reaction(new_world: MakeWorld, agent: ScriptedAgent, prompt: str) -> None:
    """The payload does not say who wrote it, so what begins like the program's own words is nobody's."""
    world, model = new_world(agent)
    session = open_window(world)
    react(world, session, prompt.encode())
    status = world.settle()
    assert world.told("UserPromptSubmit")[-1]["prompt"].startswith(prompt[:10])
    assert (model.count("judge"), status["windows_open"]) == (0, 1)


def test_the_prompt_that_types_a_skill_is_no_reaction_to_it(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """UserPromptExpansion and UserPromptSubmit of one prompt_id: it opens a window, and says nothing about it."""
    world, model = new_world(agent)
    world.set_up("deploy")
    world.spy()
    world.claude.prompt("/deploy--alice but always ask which environment first")
    status = world.settle()
    (expanded,), (submitted,) = world.told("UserPromptExpansion"), world.told("UserPromptSubmit")
    assert expanded["prompt_id"] == submitted["prompt_id"]
    assert (model.count("judge"), status["windows_open"]) == (0, 1)
