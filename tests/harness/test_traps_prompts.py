"""Hostile prompts through the real Claude Code, a window open: it is unharmed, and they are judged if they can be."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hivemind_skillopt.recorder import MAX_STDIN
from tests.harness.claude_code import GRANTS
from tests.harness.fake_model import FakeModel, Policy, ScriptedAgent
from tests.harness.policies import Calling, delegate
from tests.harness.test_loop import assert_whole_story, store_of, versions
from tests.harness.world import PUSHBACK, QUOTE, VERDICT, World, verdict, wait_until

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


def test_a_reaction_that_is_no_text_is_judged(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    world, model = new_world(agent)
    session = open_window(world)
    done = react(world, session, PUSHBACK.encode() + b" \xff\xfe\x80 \xc3 \x00 " + bytes(range(128, 256)))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"Noted.\n", b"")
    assert_whole_story(world, model, session, "tool")


@pytest.mark.parametrize(
    "prompt",
    [
        (ODD + PUSHBACK + ODD).encode(),
        (PUSHBACK + "\n" + "x" * 79 + "\n").encode() + (b"y" * 79 + b"\n") * 8000,
    ],
    ids=["odd characters", "640 kB"],
)
def test_a_reaction_that_nobody_types_is_judged_and_waits(
    new_world: MakeWorld, agent: ScriptedAgent, prompt: bytes
) -> None:
    """What looks pasted is no ground for an edit that goes out by itself."""
    world, _ = new_world(agent)
    session = open_window(world)
    done = react(world, session, prompt)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"Noted.\n", b"")
    world.settle()
    (found,), (proposal,) = store_of(world).verdicts(), store_of(world).proposals()
    assert (found.outcome, found.quote, proposal.status) == ("skill_fault", QUOTE, "held")
    assert [check.name for check in proposal.checks if check.result != "pass"] == ["provenance"]


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


@contextmanager
def stream(world: World) -> Iterator[Callable[[str], None]]:
    """`-p` with one process for many prompts, as the SDK runs it; yields what sends one."""
    argv = ["-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose", GRANTS]
    claude, pipe, quiet = world.claude, subprocess.PIPE, subprocess.DEVNULL
    process = subprocess.Popen(
        [str(world.binary), *argv], cwd=claude.project, env=claude.env(), stdin=pipe, stdout=quiet, stderr=quiet
    )
    assert process.stdin is not None

    def send(text: str) -> None:
        message = {"type": "user", "message": {"role": "user", "content": text}}
        process.stdin.write(json.dumps(message).encode() + b"\n")
        process.stdin.flush()

    try:
        yield send
        process.stdin.close()
        process.wait(timeout=60)
    finally:
        process.kill()


def until(path: Path) -> str:
    """A shell command that ends when the test wants it to."""
    return f"until [ -e '{path}' ]; do sleep 0.1; done"


def bash_runs(world: World) -> bool:
    return any(call["tool_name"] == "Bash" for call in world.told("PreToolUse"))


def test_sent_by_the_sdk_while_a_tool_runs(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """Absorbed as in the TUI, without a hook; here the record does not say that a human wrote it."""
    world, model = new_world(agent)
    free = world.root / "free"
    agent.bash_for = {"please deploy": until(free)}
    agent.judge = lambda request: VERDICT if PUSHBACK in request.prompt else verdict("ok")
    world.set_up("deploy")
    world.spy()
    with stream(world) as send:
        send("please deploy the service")
        wait_until(lambda: bash_runs(world), "the slow tool")
        send(PUSHBACK)
        (path,) = world.claude.config.glob("projects/*/*.jsonl")
        wait_until(lambda: PUSHBACK in path.read_text(), "the queued prompt")
        free.touch()
        world.wait_for("Stop")
        send("and please write the release notes")
        world.wait_for("Stop", 2)
    world.settle()
    assert PUSHBACK not in [prompt["prompt"] for prompt in world.told("UserPromptSubmit")]
    (found,) = store_of(world).verdicts()
    assert (found.outcome, len(found.reaction_ids), model.count("judge")) == ("skill_fault", 2, 1)


def test_a_notification_while_a_tool_runs(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """A background agent ends meanwhile: absorbed in the same way, and nobody's words."""
    call = delegate("please deploy the service", background=True)
    world, model = new_world(Calling(agent, {"ask somebody": call}))
    free = world.root / "free"
    agent.bash_for = {"ask somebody": until(free)}
    world.set_up("deploy")
    world.spy()
    with stream(world) as send:
        send("ask somebody to do it")
        wait_until(lambda: bash_runs(world), "the slow tool")
        world.wait_for("SubagentStop")
        (path,) = world.claude.config.glob("projects/*/*.jsonl")
        wait_until(lambda: "<task-notification>" in path.read_text(), "the notification")
        free.touch()
        world.wait_for("Stop")
        send(PUSHBACK)
        world.wait_for("Stop", 2)
    session = world.told("SessionStart")[0]["session_id"]
    assert '"commandMode":"task-notification"' in path.read_text()
    assert_whole_story(world, model, session, "tool")
    (found,) = store_of(world).verdicts()
    assert len(found.reaction_ids) == 1
    (asked,) = [request for request in model.requests if request.role == "judge"]
    assert "task-notification" not in asked.prompt
