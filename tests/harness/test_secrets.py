"""Secrets of every kind through the whole real loop: afterwards they are in the harness's own transcript only."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from hivemind_skillopt.model import Outcome, SkillRef
from tests.harness.fake_model import FakeModel, Policy, Reply, Request, ScriptedAgent
from tests.harness.planted_secrets import Planted, found_below, found_in, needles_of, plant
from tests.harness.process_watch import Watch
from tests.harness.scripted_agent import use_bash
from tests.harness.test_loop import store_of
from tests.harness.world import NEW_LINE, PROPOSAL, PUSHBACK, QUOTE, VERDICT, World

MakeWorld = Callable[[Policy], tuple[World, FakeModel]]

SKILLS = ("deploy", "release", "report", "notes")
HEARD = tuple(map(plant, ("reaction", "earlier turn", "assistant turn", "tool output", "skill")))
"""What the worker comes across."""

JUDGED = tuple(map(plant, ("reason", "quote")))
EXPECTED = ("signal", "horizon", "fallback")
PROPOSED = tuple(
    map(plant, ("content", "target", "root_cause", "generality", "no_change_reason", *EXPECTED)),
)
"""What a model that was shown a secret elsewhere could answer."""

EVERYWHERE = (*HEARD, *JUDGED, *PROPOSED)
IN = {planted.place: str(planted) for planted in EVERYWHERE}

KINDS = {
    "hivemind_skillopt.recorder": "hook",
    "worker/__main__.py": "worker",
    "--json-schema": "model call",
}
"""Processes by a part of their arguments."""


class Leaky:
    """The agent reads a file with secrets and tells of others; judge and proposer put them into every field."""

    def __call__(self, request: Request) -> Reply:
        if request.role == "agent" and "please deploy" in request.last_human:
            return self._work(request)
        return ScriptedAgent(judge=self._judge, proposer=self._propose)(request)

    def _work(self, request: Request) -> Reply:
        if not request.has_result_of("Skill"):
            return Reply.tools([("Skill", {"skill": f"{name}--alice"}) for name in SKILLS])
        if not request.has_result_of("Bash"):
            return Reply.tools([use_bash("cat secrets.txt")])
        return Reply.text(f"It is live. I used {IN['assistant turn']}")

    def _judge(self, request: Request) -> Mapping[str, Any]:
        quote = IN["quote"] if "skill `notes--" in request.prompt else QUOTE
        return {**VERDICT, "reason": f"It leaks {IN['reason']}", "quote": quote}

    def _propose(self, request: Request) -> Mapping[str, Any]:
        """Release gets a secret into its text, report into the text that is looked for; deploy's edit is fine."""
        content = f"{NEW_LINE} {IN['content']}" if "skill `release--" in request.prompt else NEW_LINE
        target = IN["target"] if "skill `report--" in request.prompt else "2. Deploy it to production."
        return {
            **PROPOSAL,
            **{name: f"because {IN[name]}" for name in ("root_cause", "generality", "no_change_reason")},
            "expected": {name: f"soon {IN[name]}" for name in EXPECTED},
            "edits": [{"op": "replace", "target": target, "content": content}],
        }


ELSEWHERE = ("skillopt-*", "hivemind-skillopt-*", "claude-*/*test_secrets*")
"""What we, and Claude Code, could have made in the machine's own temporary folder, although TMPDIR names another."""


def write_skills(world: World) -> None:
    """Each has the secrets that its author wrote into it."""
    for name in SKILLS:
        path = world.write_skill(name) / "SKILL.md"
        path.write_text(f"{path.read_text()}\nUse this: {IN['skill']}\n")


def prompt(world: World, text: str, resume: str | None = None) -> str:
    """A human turn by stdin: on argv the person would have put it there."""
    again = ["--resume", resume] if resume else []
    run = world.claude.run(["-p", "--output-format", "json", "--allowedTools=Skill,Bash", *again], stdin=text)
    found = re.search(r'"session_id":"([^"]+)"', run.stdout)
    assert found, run.stderr
    return found[1]


def live_through(world: World) -> None:
    """The session, and the worker until nothing is left."""
    pushes = [("push", str(world.root / "skills" / name)) for name in SKILLS]
    world.run_all(("install", "--yes"), *pushes, ("pull",))
    (world.project / "secrets.txt").write_text(IN["tool output"])
    session = prompt(world, f"please deploy the service, here is what you need: {IN['earlier turn']}")
    prompt(world, f"{PUSHBACK}\n{IN['reaction']}", resume=session)
    world.settle()
    (world.project / "secrets.txt").unlink()
    transcript = world.claude.transcript(session).read_bytes()
    said = [planted for planted in HEARD if planted.place != "skill"]
    assert {one.place for one in said if not one.needles.keys() - _pieces(transcript, one)} == {o.place for o in said}


def _pieces(data: bytes, planted: Planted) -> set[bytes]:
    lower = data.lower()
    return {needle for needle in planted.needles if needle in lower}


def assert_the_whole_loop(world: World) -> None:
    """One was published, one was refused for its secrets, one for a target that is not there, one judged in vain."""
    store = store_of(world)
    heads = {name: store.history(SkillRef(name, "alice"))[-1].version for name in SKILLS}
    assert heads == {"deploy": 2, "release": 1, "report": 1, "notes": 1}
    proposals = {proposal.ref.name: proposal for proposal in store.proposals()}
    statuses = {name: proposal.status.value for name, proposal in proposals.items()}
    assert statuses == {"deploy": "published", "release": "rejected", "report": "rejected"}
    refused = {check.name for check in proposals["release"].checks if check.result.value == "refuse"}
    assert refused == {"secret"}
    outcomes = {verdict.ref.name: verdict.outcome for verdict in store.verdicts()}
    assert outcomes.pop("notes") is Outcome.UNCLEAR, "a quote that nobody was shown is void"
    assert set(outcomes.values()) == {Outcome.SKILL_FAULT}
    assert "[redacted:" in proposals["deploy"].root_cause
    assert all("[redacted:" in verdict.reason for verdict in store.verdicts())


def assert_nothing_is_left(world: World, since: float) -> None:
    needles = needles_of(EVERYWHERE)
    everything = found_below(world.root, needles)
    its_own = "home/.claude/projects/"
    left = {path: names for path, names in everything.items() if not path.startswith(its_own)}
    assert len(left) < len(everything), "the search finds what is there"
    of_authors = {f"skill: {kind}" for kind in HEARD[-1].texts}
    for path in [path for path in left if left[path] <= of_authors]:
        assert re.match(r"skills/\w+/SKILL\.md|home/\.local/share/hivemind-skillopt/(store\.db|skills/)", path), path
        del left[path]
    assert left == {}
    elsewhere = [path for pattern in ELSEWHERE for path in Path("/tmp").glob(pattern) if path.lstat().st_mtime >= since]
    assert {path: found for path in elsewhere if path.is_dir() and (found := found_below(path, needles))} == {}


def assert_prompts_are_clean(model: FakeModel) -> None:
    """A model is sent no secret but those of its own answer, which the CLI says back to it."""
    for role, own in (("judge", JUDGED), ("proposer", PROPOSED)):
        sent = [body for body in model.bodies if f"hivemind-skillopt/{role} prompt v".encode() in body]
        assert len(sent) >= 3
        others = needles_of(planted for planted in EVERYWHERE if planted not in own)
        assert set().union(*(found_in(body, others) for body in sent)) == set()
        assert all(b"[redacted:" in body for body in sent)


def assert_the_watch_was_awake(watch: Watch, control: Planted) -> None:
    assert watch.samples > 500
    assert {name for name in KINDS.values() if not watch.seen.get(name)} == set()
    expected = {(where, f"control: {kind}") for where, kind in (("argv", "GitHub"), ("environment", "Stripe"))}
    assert {found for found in watch.found if found[1].startswith(control.place)} == expected


def show_the_watch(control: Planted) -> None:
    """Processes like a hook's that do what must not be done, the last ones long enough for a busy machine, too."""
    for seconds in (0, 0, 0, 0, 0.5):
        hook = [sys.executable, "-I", "-S", "-c", f"import time; time.sleep({seconds})"]
        subprocess.run([*hook, control.texts["GitHub"]], check=True)
        subprocess.run(hook, env={"TOKEN": control.texts["Stripe"]}, check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_secrets_stay_in_the_harness(new_world: MakeWorld) -> None:
    world, model = new_world(Leaky())
    (world.root / "tmp").mkdir()
    world.extra_env = {"TMPDIR": str(world.root / "tmp")}
    write_skills(world)
    control, since = plant("control"), time.time() - 1
    with Watch(needles_of([*EVERYWHERE, control]), KINDS, world.root) as watch:
        live_through(world)
        show_the_watch(control)
    print(f"{watch.samples} samples, processes: {watch.seen}")
    assert_the_watch_was_awake(watch, control)
    assert {found for found in watch.found if not found[1].startswith(control.place)} == set()
    assert_the_whole_loop(world)
    assert_prompts_are_clean(model)
    assert_nothing_is_left(world, since)
