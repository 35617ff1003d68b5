"""Hostile stdin for each of our hooks, in the real Claude Code: nobody sees any of it, and afterwards all works."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hivemind_skillopt.recorder import PATIENCE
from tests.harness.claude_code import Result
from tests.harness.fake_model import FakeModel, Policy, ScriptedAgent
from tests.harness.test_loop import assert_whole_story
from tests.harness.test_traps_hook_process import timeouts
from tests.harness.world import PUSHBACK, World

MakeWorld = Callable[[Policy], tuple[World, FakeModel]]

UNTIL_IT_ENDED = 'until [ -e "$ended" ]; do sleep 0.1; done'

HOSTILE = {
    "empty": "printf ''",
    "broken": """printf '{"session_id": "x", '""",
    "50 MB": "printf deploy--alice; head -c 50000000 /dev/zero",
    "never closed": f"head -c 40; {UNTIL_IT_ENDED}",
}
"""What a shell says to the hook instead of the payload. What is never closed ends after the hook."""

PROMPTS = ("please deploy the service", "/deploy--alice at once")
"""The skill is called, and typed."""

FIRED = {"SessionStart": 2, "UserPromptSubmit": 2, "PreToolUse": 1, "UserPromptExpansion": 1}


def feed(world: World, said: str) -> None:
    """Each installed hook is run as it is, with that as its stdin. Whoever ends by itself is written down."""

    def wrap(settings: dict[str, Any]) -> None:
        for event, entries in settings["hooks"].items():
            hook = entries[0]["hooks"][0]
            note = f"echo {event} $? >> {shlex.quote(str(ended(world)))}"
            mark = f"ended={shlex.quote(str(world.root))}/ended-$$"
            hook["command"] = f'{mark}; ({said}) 2>&1 | ({hook["command"]}; {note}; touch "$ended")'

    world.change_settings(wrap)


def ended(world: World) -> Path:
    """The events whose hooks came to their end, with the exit code."""
    return world.root / "ended"


def attachments(world: World, session: str) -> list[str]:
    """Of all kinds. The program has one for a hook that says something, fails or is cut."""
    records = [json.loads(line) for line in world.claude.transcript(session).read_text().split("\n")[:-1]]
    return sorted(record["attachment"]["type"] for record in records if record["type"] == "attachment")


def seen(world: World, model: FakeModel) -> tuple[list[Result], list[list[str]], list[list[str]]]:
    """What a session of each prompt comes back with, leaves on disk, and tells the model."""
    before = len(model.requests)
    results = [world.claude.prompt(text) for text in PROMPTS]
    agents = [request for request in model.requests[before:] if request.role == "agent"]
    told = [[block.text for message in request.messages for block in message.blocks] for request in agents]
    return results, [attachments(world, result.session_id) for result in results], told


def take_away(folder: Path) -> None:
    """The files of a folder; there are some."""
    files = list(folder.iterdir())
    assert files
    for file in files:
        file.unlink()


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_stdin_is_never_seen(new_world: MakeWorld, agent: ScriptedAgent, kind: str) -> None:
    world, model = new_world(agent)
    world.set_up("deploy")
    world.wake()
    settings = (world.claude.config / "settings.json").read_text()
    feed(world, HOSTILE[kind])
    (world.state / "sessions" / "claude_code-_").touch()  # a window of the session that such a payload does not name
    results, left, told = seen(world, model)
    lines = ended(world).read_text().split("\n")[:-1]
    assert sorted(lines) == sorted(f"{event} 0" for event, count in FIRED.items() for _ in range(count))
    assert [(result.returncode, result.text, result.stderr) for result in results] == [(0, "Done.", "")] * 2
    assert not [name for names in left for name in names if name.startswith("hook")]
    world.settle()
    take_away(world.state / "set-aside")
    world.change_settings(lambda settings: settings.pop("hooks"))
    assert seen(world, model)[1:] == (left, told)
    (world.claude.config / "settings.json").write_text(settings)
    session = world.claude.prompt("please deploy the service").session_id
    world.claude.prompt(PUSHBACK, resume=session)
    assert_whole_story(world, model, session, "tool")


def test_a_whole_payload_that_is_never_closed_is_recorded(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    """One line is all that there is: nobody waits for the end. Who did would be cut before giving up."""
    world, model = new_world(agent)
    world.set_up("deploy")
    timeouts(world, int(PATIENCE) - 1)
    feed(world, f"cat; {UNTIL_IT_ENDED}")
    session = world.claude.prompt("please deploy the service").session_id
    answer = world.claude.prompt(PUSHBACK, resume=session)
    assert (answer.returncode, answer.text, answer.stderr) == (0, "Noted.", "")
    assert not [name for name in attachments(world, session) if name.startswith("hook")]
    assert_whole_story(world, model, session, "tool")
