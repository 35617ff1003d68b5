"""Which messages are reactions to which judgment window."""

from __future__ import annotations

import json

import pytest

from hivemind_skillopt.judgment_window import WINDOW_AGE
from hivemind_skillopt.model import SECOND, SkillRef
from hivemind_skillopt.pipeline import Case, Judged, Pipeline
from tests.worker.lab import FAULT, PROPOSAL, REACTION, REF, SKILL, Lab, outcomes, versions
from tests.worker.processes import until


def test_reactions_that_queue_up_are_judged_in_one_call(lab: Lab) -> None:
    lab.script(judge=[{"when": "and also the second", "answer": {**FAULT, "outcome": "ok", "quote": None}}])
    lab.use()
    lab.react()
    lab.react("and also the second thing is wrong", prompt="p3")
    lab.work()
    (verdict,) = lab.store.verdicts()
    assert len(verdict.reaction_ids) == 2


@pytest.mark.parametrize(("confidence", "verdicts"), [(0.9, 1), (0.5, 2)])
def test_what_is_said_while_the_judge_is_asked(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, confidence: float, verdicts: int
) -> None:
    """A fault that was found is not looked for once more; else it is the next verdict's."""
    lab.script(judge=[{"answer": {**FAULT, "confidence": confidence}}], proposer=[{"answer": PROPOSAL}])
    judge, asked = Pipeline.judge, list[int]()

    def judge_while_she_types(self: Pipeline, case: Case) -> Judged:
        asked.append(len(case.reactions))
        if len(asked) == 1:
            lab.react(f"{REACTION}!", prompt="p3")
            until(lambda: not list(lab.paths.inbox.iterdir()))
        return judge(self, case)

    monkeypatch.setattr(Pipeline, "judge", judge_while_she_types)
    lab.use()
    lab.react()
    lab.work()
    assert (asked, len(lab.store.verdicts()), lab.left()) == ([1] * verdicts, verdicts, [0, 0, 0])
    assert len(lab.log("jobs_discarded")) == 2 - verdicts


def test_acknowledgements_count_and_cost_nothing(lab: Lab) -> None:
    lab.use()
    for number, text in enumerate(["thanks", "ok, great", "/deploy--alice"]):
        lab.react(text, prompt=f"p{number + 2}")
    lab.work()
    assert [len(lab.log(what)) for what in ("reaction_skipped", "verdict")] == [2, 0]
    assert [window.accepted for window in lab.windows().all_open()] == [2]


def test_the_prompt_that_invokes_reacts_to_earlier_windows_only(lab: Lab) -> None:
    lab.publish(SKILL, SkillRef("lint", "alice"))
    lab.pull()
    lab.script(judge=[{"answer": {**FAULT, "outcome": "ok", "quote": None}}])
    lab.use()
    command = {"expansion_type": "slash_command", "command_name": "lint--alice"}
    lab.event("UserPromptExpansion", prompt_id="p2", **command)
    lab.react("/lint--alice no, you broke the build with the last one", prompt="p2")
    lab.work()
    (verdict,) = lab.store.verdicts()
    assert verdict.ref == REF
    assert {str(w.invocation.ref): w.accepted for w in lab.windows().all_open()} == {
        "deploy--alice": 1,
        "lint--alice": 0,
    }


def test_the_same_skill_again_is_a_new_window(lab: Lab) -> None:
    lab.script(judge=[{"answer": {**FAULT, "outcome": "ok", "quote": None}}])
    lab.use()
    lab.use(tool="t2", prompt="p2")
    lab.react(prompt="p3")
    lab.work()
    (window,) = lab.windows().all_open()
    assert (window.tool_use_id, window.accepted) == ("t2", 1)
    assert len(lab.store.invocations()) == 2
    assert len(lab.store.verdicts()) == 1


def test_typing_the_skill_again_may_complain_of_its_last_use(lab: Lab) -> None:
    lab.use()
    lab.event("UserPromptExpansion", prompt_id="p2", expansion_type="slash_command", command_name=str(REF))
    lab.react(f"/{REF} no, that is wrong: always ask which environment first", prompt="p2")
    lab.react("and something else", prompt="p3")
    lab.work()
    assert outcomes(lab)[-1] == "skill_fault"
    first = next(v for v in lab.store.verdicts() if v.outcome == "skill_fault")
    assert len(first.reaction_ids) == 1
    assert versions(lab) == [1, 2]


def test_a_window_takes_nothing_after_a_day(lab: Lab) -> None:
    lab.use()
    lab.work()
    lab.now += WINDOW_AGE + SECOND
    lab.react()
    lab.work()
    assert (outcomes(lab), lab.windows().all_open(), list(lab.paths.markers.iterdir())) == ([], [], [])


def test_a_prompt_absorbed_while_tools_ran_counts(lab: Lab) -> None:
    lab.script(judge=[{"when": "typed while busy", "answer": {**FAULT, "outcome": "ok", "quote": None}}])
    lab.use()
    queued = {
        "type": "queued_command",
        "prompt": "typed while busy",
        "commandMode": "prompt",
        "origin": {"kind": "human"},
    }
    record = {
        "type": "attachment",
        "uuid": "q",
        "parentUuid": "p1-t1-4",
        "attachment": queued,
        "timestamp": "2030-01-01T00:00:00Z",
    }
    with (lab.root / "s1.jsonl").open("a") as file:
        file.write(json.dumps(record) + "\n")
    lab.react()
    lab.work()
    (window,) = lab.windows().all_open()
    assert (outcomes(lab), window.accepted) == (["ok"], 2)
