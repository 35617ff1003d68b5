"""The line at a session's start, in the real programs: the person sees it, once, and the model never does."""

from __future__ import annotations
import json
from collections.abc import Callable

from tests.harness.claude_code import TuiSession, missing_tmux
from tests.harness.fake_model import FakeModel, Policy, ScriptedAgent
from tests.harness.requirements import require
from tests.harness.world import World

MakeWorld = Callable[[Policy], tuple[World, FakeModel]]
LINE = b'{"systemMessage": "deploy--alice v4: \\"Xyzzy target\\"; hivemind-skillopt blame deploy--alice"}\n'


def test_x(new_world: MakeWorld, agent: ScriptedAgent) -> None:
    world, model = new_world(agent)
    world.set_up("deploy")
    world.spy()
    (world.state / "notice-claude_code").write_bytes(LINE)
    r = world.claude.run(["-p", "hello", "--output-format", "stream-json", "--verbose", "--include-hook-events"])
    print(r.stdout, r.stderr)
    print((world.state / "notice-claude_code").exists())
    world.extra_env = {"CLAUDE_CODE_ENTRYPOINT": "cli"}
    r = world.claude.run(["-p", "hello", "--output-format", "stream-json", "--verbose"])
    print(r.stdout, r.stderr)
    print((world.state / "notice-claude_code").exists())
    world.extra_env = {}
    (world.state / "notice-claude_code").write_bytes(LINE)
    with TuiSession(world.claude) as tui:
        world.wait_for("SessionStart", 3)
        tui.type("hello there")
        world.wait_for("Stop", 3)
        print(tui.capture())
        session = world.told("SessionStart")[-1]["session_id"]
        for l in world.claude.transcript(session).read_text().splitlines():
            if "Xyzzy" in l:
                print("T", l)
    for r in model.requests:
        print("REQ", "Xyzzy" in repr(r.__dict__ if hasattr(r, "__dict__") else r), r.prompt[-60:])
    import dataclasses

    print([f.name for f in dataclasses.fields(model.requests[0])])
