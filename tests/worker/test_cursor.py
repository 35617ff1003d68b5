"""Cursor's events in the worker: what arms by its place on disk; told by its own or Claude Code's hooks, or by both."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import pytest

from hivemind_skillopt.adapters.cursor import Cursor
from hivemind_skillopt.judgment_window import JudgmentWindow
from hivemind_skillopt.model import SECOND, Outcome, Reaction, Verdict
from hivemind_skillopt.pipeline import Case, Pipeline
from hivemind_skillopt.ports import CaseFile, Draft, Judgement
from hivemind_skillopt.state.installs import Install, Installs
from tests.worker.lab import REACTION, REF, Lab, outcomes, versions

PAYLOADS = Path(__file__).parent.parent / "payloads" / "cursor"
READ = "pre_tool_use_read_org_skill.json"
SHELL = "pre_tool_use_shell_org_skill.json"
IMPORTED = "third_party_claude_entry_pre_tool_use.json"
REACTS = "before_submit_prompt_reaction.json"
SLASH = "before_submit_prompt_slash_skill.json"
CONVERSATION = "7a6d1f1e-5c1b-4f0e-9c1a-2b6f0f3f9a10"

EVENTS = {"sessionStart": "SessionStart", "preToolUse": "PreToolUse", "beforeSubmitPrompt": "UserPromptMention"}
IMPORTED_AS = {**EVENTS, "beforeSubmitPrompt": "UserPromptSubmit"}
"""What Claude Code's hooks call it."""


class Person:
    """Somebody with Cursor, and a skill that is pulled for it, for Claude Code, or both."""

    def __init__(self, lab: Lab, *harnesses: str) -> None:
        self.lab = lab
        self.numbers = count()
        lab.now += SECOND
        homes = {name: lab.root / "home" / f".{name.partition('_')[0]}" for name in harnesses}
        installs = [Install(name, str(home), str(home / "skills"), "py", "0", 1, ()) for name, home in homes.items()]
        for install in installs:
            Path(install.home).mkdir(exist_ok=True)
            Installs(lab.database).put(install)
        lab.puller(lab.database).pull(installs)

    def tell(self, fixture: str, by: str = "cursor", **changed: object) -> None:
        """A documented payload, by Cursor's own hook or the one of Claude Code, with this lab's home in its paths."""
        text = (PAYLOADS / fixture).read_text("utf-8-sig").replace("/home/dev", str(self.lab.root / "home"))
        payload = {**json.loads(text), "transcript_path": str(self.transcript), **changed}
        events = EVENTS if by == "cursor" else IMPORTED_AS
        head = [
            "hivemind-skillopt inbox 1", f"harness={by}", f"event={events[str(payload['hook_event_name'])]}",
            f"generation={self.lab.paths.generation.read_text().strip()}", f"HOME={self.lab.root}/home",
            f"HIVEMIND_SKILLOPT_STORE={self.lab.settings.store_url}",
        ]  # fmt: skip
        self.lab.paths.inbox.mkdir(parents=True, exist_ok=True)
        self.lab.now += 3_000_000
        file = self.lab.paths.inbox / f"{self.lab.now:020d}-{next(self.numbers)}"
        file.write_bytes("\n".join(head).encode() + b"\n\n" + json.dumps(payload).encode())

    @property
    def transcript(self) -> Path:
        return self.lab.root / "cursor.jsonl"

    def windows(self) -> list[JudgmentWindow]:
        self.lab.work()
        return self.lab.windows().all_open()

    def read(self, folder: Path | str, **changed: object) -> None:
        self.tell(READ, tool_input={"file_path": f"{folder}/SKILL.md"}, **changed)


@pytest.fixture
def person(lab: Lab) -> Person:
    """Cursor and Claude Code: both roots are read by Cursor."""
    return Person(lab, "claude_code", "cursor")


def link(lab: Lab, root: str) -> Path:
    return lab.root / "home" / root / "skills" / str(REF)


@pytest.mark.parametrize("root", [".cursor", ".claude"])
def test_the_skill_arms_whichever_of_its_links_was_read(person: Person, root: str) -> None:
    person.read(link(person.lab, root))
    (window,) = person.windows()
    assert (window.invocation.harness, window.invocation.provenance) == ("cursor", "path")
    assert (window.home, window.link) == (str(person.lab.root / "home/.cursor"), str(link(person.lab, ".cursor")))


def test_the_version_folder_itself_and_a_link_in_a_project_arm(person: Person) -> None:
    nested = person.lab.root / "home/project/.cursor/skills/shipping"
    nested.mkdir(parents=True)
    (nested / str(REF)).symlink_to(link(person.lab, ".cursor").resolve())
    person.tell("pre_tool_use_read_org_skill_nested.json")
    assert len(person.windows()) == 1
    person.read(link(person.lab, ".cursor").resolve(), tool_use_id="t2")
    (window,) = person.windows()
    assert window.tool_use_id == "t2"


def test_a_folder_that_only_has_the_name_arms_nothing(person: Person) -> None:
    """A checkout, a fixture, another tool's copy."""
    copy = person.lab.root / "home/project/.cursor/skills/shipping" / str(REF)
    copy.mkdir(parents=True)
    (copy / "SKILL.md").write_bytes((link(person.lab, ".cursor") / "SKILL.md").read_bytes())
    person.tell("pre_tool_use_read_org_skill_nested.json")
    person.tell("pre_tool_use_read_local_skill.json")
    person.tell(SHELL)
    assert person.windows() == []


def test_a_shell_read_arms_and_removing_or_writing_does_not(person: Person) -> None:
    agents = person.lab.root / "home/.agents/skills"
    agents.mkdir(parents=True)
    (agents / str(REF)).symlink_to(link(person.lab, ".cursor").resolve())
    person.tell("pre_tool_use_shell_rm_org_skill.json")
    person.tell("pre_tool_use_write_org_skill.json")
    assert person.windows() == []
    person.tell(SHELL)
    assert len(person.windows()) == 1


def test_an_unknown_session_is_attributed_at_its_first_event(person: Person) -> None:
    """Cloud agents have no sessionStart."""
    person.tell(READ)
    person.tell("session_start.json")
    person.windows()
    (row,) = person.lab.store.attributions()
    assert (row.harness, row.session_id) == ("cursor", CONVERSATION)
    assert [str(skill.ref) for skill in row.skills] == [str(REF)]


@pytest.mark.parametrize("fixture", ["session_start_minimal.json", "session_start_background.json"])
def test_a_session_start_with_little_in_it_is_attributed(person: Person, fixture: str) -> None:
    person.tell(fixture, transcript_path=None)
    person.windows()
    assert [row.project for row in person.lab.store.attributions()] == ["project"]


ORDERS = [("cursor", "claude_code"), ("claude_code", "cursor"), ("cursor",), ("claude_code",)]


@pytest.mark.parametrize("told_by", ORDERS, ids=" then ".join)
def test_told_by_its_own_hook_and_by_claude_codes_it_counts_once(person: Person, told_by: tuple[str, ...]) -> None:
    for fixture in ("session_start.json", "before_submit_prompt_first.json", IMPORTED, REACTS):
        for by in told_by:
            person.tell(fixture, by)
    (window,) = person.windows()
    assert (window.invocation.harness, window.accepted) == ("cursor", 1)
    assert [len(person.lab.log(what)) for what in ("attributed", "window_opened", "reaction_queued")] == [1, 1, 1]
    assert [marker.name for marker in person.lab.paths.markers.iterdir()] == [f"cursor-{CONVERSATION}"]


def test_where_cursor_was_not_installed_into_nothing_arms(lab: Lab) -> None:
    person = Person(lab, "claude_code")
    person.tell(IMPORTED, "claude_code")
    assert person.windows() == []


def test_a_typed_skill_reacts_to_what_was_open_and_not_to_itself(person: Person) -> None:
    person.tell(READ)
    person.tell(SLASH, prompt=f"/{REF} no, staging as I said")
    (window,) = person.windows()
    assert (window.invocation.provenance, window.accepted) == ("slash", 0)
    assert len(person.lab.log("reaction_queued")) == 1
    person.tell(REACTS)
    (window,) = person.windows()
    assert (window.invocation.provenance, window.accepted) == ("slash", 1)


def test_the_first_and_the_empty_prompt_do_nothing(person: Person) -> None:
    person.tell("before_submit_prompt_first.json")
    assert person.windows() == []
    person.tell(READ)
    person.tell("before_submit_prompt_empty.json", generation_id="g9")
    assert [window.accepted for window in person.windows()] == [0]


def test_what_a_sub_agent_used_is_judged_by_the_parents_next_prompt(person: Person) -> None:
    person.read(link(person.lab, ".cursor"), conversation_id="sub-1", parent_conversation_id=CONVERSATION)
    person.tell("before_submit_prompt_first.json", conversation_id="sub-1", parent_conversation_id=CONVERSATION)
    person.tell(REACTS)
    (window,) = person.windows()
    assert (window.invocation.session_id, window.accepted) == (CONVERSATION, 1)


def transcribe(person: Person) -> None:
    """As others have described it."""
    lines = [
        {"role": "user", "message": {"content": [{"type": "text", "text": "<user_query>\nDeploy it.\n</user_query>"}]}},
        {"role": "assistant", "message": {"content": [{"type": "tool_use", "name": "Read",
            "input": {"path": f"{link(person.lab, '.cursor')}/SKILL.md"}}]}},
        {"role": "assistant", "message": {"content": [{"type": "text", "text": "It is live."}]}},
    ]  # fmt: skip
    person.transcript.write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_the_whole_loop(person: Person) -> None:
    """Read, pushback, verdict, version 2, in both roots."""
    transcribe(person)
    person.tell("session_start.json")
    person.read(link(person.lab, ".cursor"))
    person.tell(REACTS, prompt=REACTION)
    person.lab.work()
    assert (outcomes(person.lab), versions(person.lab)) == (["skill_fault"], [1, 2])
    for root in (".cursor", ".claude"):
        assert "Always ask which environment first." in (link(person.lab, root) / "SKILL.md").read_text()


def test_a_reaction_that_the_transcript_has_is_shown_once(person: Person) -> None:
    """No prompt has a name there: it is known by its words, and what came after it is not shown."""
    transcribe(person)
    person.read(link(person.lab, ".cursor"))
    (window,) = person.windows()
    with person.transcript.open("a") as file:
        for role, text in (("user", REACTION), ("assistant", "Sorry.")):
            file.write(json.dumps({"role": role, "message": {"content": text}}) + "\n")
    shown: list[CaseFile] = []

    def judge(case: CaseFile) -> Judgement:
        shown.append(case)
        return Judgement(Outcome.OK, 1.0, "why", None, 1, None)

    lab = person.lab
    pipeline = Pipeline(lab.store, judge, never, (), lab.settings, lab.clock)
    conversation = Cursor().read_transcript(window)
    assert conversation is not None
    reaction = Reaction("r1", window.invocation.id, lab.now, f"{REACTION}\n")
    pipeline.judge(Case(window, (reaction,), conversation, Cursor().renders_as))
    assert [(turn.text, turn.is_reaction) for turn in shown[0].turns] == [
        ("Deploy it.", False), ("Read", False), ("It is live.", False), (REACTION, True),
    ]  # fmt: skip
    assert shown[0].reactions == ()


def never(case: CaseFile, verdict: Verdict, head: str, rejected: Sequence[str]) -> Draft:
    raise AssertionError


def test_a_transcript_in_another_layout_is_no_guess(person: Person) -> None:
    person.transcript.write_text('{"kind": "something else"}\n')
    person.tell(READ)
    person.tell(REACTS, prompt=REACTION)
    person.lab.work()
    (verdict,) = person.lab.store.verdicts()
    assert (verdict.outcome, verdict.reason, versions(person.lab)) == ("unclear", "no_transcript", [1])
