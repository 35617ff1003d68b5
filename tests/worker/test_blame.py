"""Five publications and a rollback, by people and by the real loop: `blame` explains every line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from hivemind_skillopt.model import Annotation, Outcome, Publication, SkillFile, SkillFolder
from hivemind_skillopt.store.sql import SqlStore
from hivemind_skillopt.worker.compose import build_loop
from tests.worker.lab import FAULT, PROPOSAL, REF, SKILL, Lab

FRONT = ["---", "name: deploy--alice", "description: d", "---", "", "# Deploy", ""]
TESTS = {"op": "insert_after", "target": "1. Build.", "content": "Run the whole test suite before going on."}
SAY = {"op": "append", "target": None, "content": "Say in one line what was done."}
ASK = {"op": "replace", "target": "2. Deploy it to production.", "content": "2. Ask where, then deploy it there."}


class OneStore(Lab):
    """It keeps its connections, and gives them back."""

    @cached_property
    def store(self) -> SqlStore:
        return super().store

    def work(self) -> None:
        loop = build_loop(self.settings, self.clock, self.sleep)
        loop.run()
        loop.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    made = OneStore(tmp_path)
    if request.param == "postgresql":
        made.environ["HIVEMIND_SKILLOPT_STORE"] = request.getfixturevalue("postgres").new_database()
    yield made
    made.store.close()


def pushed(lab: Lab, user: str, text: str, reverts: int | None = None) -> None:
    head = lab.store.head(REF)
    folder = SkillFolder((SkillFile("SKILL.md", text.encode()), SkillFile("notes.md", b"one\ntwo\n")))
    parent = head.content_sha256 if head else None
    lab.store.publish(Publication(REF, folder, parent, user, lab.clock(), reverts_version=reverts))
    lab.pull()


def learned(lab: Lab, edit: dict[str, object], words: str, cause: str) -> None:
    """The loop publishes, because a user of this machine wrote these words."""
    lab.now += 700 * 10**9
    fault = {**FAULT, "quote": words, "reason": f"it does not say to {words}"}
    lab.script(judge=[{"answer": fault}], proposer=[{"answer": {**PROPOSAL, "root_cause": cause, "edits": [edit]}}])
    session = f"s{lab.store.head(REF).version}"
    lab.use(tool=f"t{session}", prompt=f"{session}a", session=session)
    lab.react(f"no! {words}, please", prompt=f"{session}b", session=session)
    lab.work()


def text_of(lab: Lab, version: int) -> str:
    return lab.store.folder(REF, version).skill_md.decode()


def told(lab: Lab) -> None:
    """The story: v1 alice, v2 loop, v3 bob, v4 and v5 loop, v6 back to v3, v7 bob."""
    pushed(lab, "alice", SKILL)
    learned(lab, ASK, "ask where, then deploy it there", "the target is never asked for")
    pushed(lab, "bob", text_of(lab, 2).replace("# Deploy\n\n", "# Deploy\n\nBe quick.\n") + "3. Thank everybody.\n")
    learned(lab, TESTS, "run the whole test suite before going on", "nothing is tested\nbefore it goes out")
    learned(lab, SAY, "say in one line what was done", "the outcome is not told")
    pushed(lab, "carol", text_of(lab, 3), reverts=3)
    moved = text_of(lab, 6).replace("Be quick.\n", "").replace("3. Thank", "Be quick.\n4. Thank")
    pushed(lab, "bob", moved)


def run(lab: Lab, *arguments: str, code: int = 0) -> str:
    settings = {name: value for name, value in lab.settings.environ.items() if name.startswith("HIVEMIND")}
    environ = {**settings, "HOME": str(lab.root / "home"), "PATH": os.environ["PATH"], "COLUMNS": "80"}
    argv = [sys.executable, "-m", "hivemind_skillopt", *arguments]
    done = subprocess.run(argv, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    return done.stdout if code == 0 else done.stderr


def blamed(lab: Lab, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run(lab, "blame", str(REF), *arguments, "--json"))
    return found


def test_every_line_is_explained(lab: Lab) -> None:
    told(lab)
    asked = "2. Ask where, then deploy it there."
    expected = [
        *((line, 1) for line in FRONT),
        ("1. Build.", 1),
        (asked, 2),
        ("Be quick.", 3),
        ("4. Thank everybody.", 7),
    ]
    lines = blamed(lab)
    assert [(line["text"], line["version"]) for line in lines] == expected
    assert [line["line"] for line in lines] == list(range(1, 12))
    _check_reasons(lab, lines[8], lines[9])
    at_five = [
        *((line, 1) for line in FRONT), ("Be quick.", 3), ("1. Build.", 1), ("", 4), (TESTS["content"], 4),
        (asked, 2), ("3. Thank everybody.", 3), ("", 5), (SAY["content"], 5),
    ]  # fmt: skip
    assert [(line["text"], line["version"]) for line in blamed(lab, "v5")] == at_five
    notes = blamed(lab, "--file", "notes.md")
    assert [(line["text"], line["version"]) for line in notes] == [("one", 1), ("two", 1)]
    _check_text(lab)


def _check_reasons(lab: Lab, of_loop: dict[str, Any], of_bob: dict[str, Any]) -> None:
    """Each row is the one that the store has for that version."""
    version = lab.store.history(REF)[1]
    assert version.proposal_id
    proposal = lab.store.find_proposals([version.proposal_id])[version.proposal_id]
    expected = {
        "published_by": "alice", "proposal_id": version.proposal_id, "root_cause": "the target is never asked for",
        "verdict_id": proposal.verdict_id, "invocation_id": proposal.invocation_id, "outcome": "skill_fault",
        "confidence": 0.9, "reason": "it does not say to ask where, then deploy it there",
        "quote": "ask where, then deploy it there",
        "annotation": None, "missing": None,
    }  # fmt: skip
    assert {name: of_loop[name] for name in expected} == expected
    assert (of_bob["published_by"], of_bob["proposal_id"], of_bob["quote"]) == ("bob", None, None)


def _check_text(lab: Lab) -> None:
    said = run(lab, "blame", str(REF))
    assert all(len(line) <= 80 for line in said.splitlines())
    assert "v6 went back to v3 and brought no line of its own" in said
    assert 'because a user wrote: "ask where, then deploy it there"' in said
    assert said.count("pushed by alice") == 1
    assert "11 | 4. Thank everybody." in said
    causes = [line["why"] for line in json.loads(run(lab, "history", str(REF), "--json"))]
    assert causes == [
        "pushed", "learned: the target is never asked for", "pushed", "learned: nothing is tested...",
        "learned: the outcome is not told", "rolled back to v3", "pushed",
    ]  # fmt: skip


def test_what_has_not_arrived_and_what_people_say(lab: Lab) -> None:
    pushed(lab, "alice", SKILL)
    learned(lab, ASK, "ask where, then deploy it there", "the target is never asked for")
    invocation = lab.store.proposals(REF)[0].invocation_id
    lab.store.annotate(Annotation("a1", invocation, REF, Outcome.USER_CHANGE, "a new wish", "bob", lab.clock()))
    (line,) = [line for line in blamed(lab) if line["version"] == 2]
    assert (line["outcome"], line["annotation"]["by"], line["annotation"]["note"]) == (
        "user_change",
        "bob",
        "a new wish",
    )
    assert "bob says user_change: a new wish" in run(lab, "blame", str(REF))
    _forget(lab, "verdicts")
    assert {line["missing"] for line in blamed(lab)} == {None, "verdict"}
    _forget(lab, "proposals")
    assert "its proposal is not in the store" in run(lab, "blame", str(REF))


def _forget(lab: Lab, table: str) -> None:
    """As if the outbox of the machine that made them had not been sent."""
    with lab.store._engine.begin() as connection:
        connection.exec_driver_sql(f"DELETE FROM {table}")


def test_what_has_no_lines(lab: Lab) -> None:
    pushed(lab, "alice", SKILL)
    assert "has no file 'other.md'; it has 'SKILL.md', 'notes.md'" in run(
        lab, "blame", str(REF), "--file", "other.md", code=1
    )
    assert "has no v2" in run(lab, "blame", str(REF), "v2", code=1)
    assert "is not in the store" in run(lab, "blame", "no--body", code=1)
