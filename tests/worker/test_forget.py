"""`forget --session`: at every stage of the loop nothing of that session's words is left, and others keep theirs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hivemind_skillopt import recorder
from hivemind_skillopt.model import ProposalStatus
from hivemind_skillopt.pipeline import _rejected_words
from hivemind_skillopt.ports import SessionWords
from hivemind_skillopt.state.forget import SessionTraces
from hivemind_skillopt.state.inbox import FIRST_LINE, SESSION_KEYS, Inbox
from hivemind_skillopt.state.markers import Markers
from hivemind_skillopt.store.rules import FORGOTTEN
from tests.store.values import invocation, proposal
from tests.worker.lab import FAULT, Lab

SESSION, OTHER = "5e551011-0000-4000-8000-00000000aaaa", "5e551011-0000-4000-8000-00000000bbbb"
WORDS, OTHERS = "no, that zebra is wrong and you know it", "no, that gnu is wrong and you know it"
REASON = "The quagga was not asked."


def traces(lab: Lab) -> SessionTraces:
    return SessionTraces(lab.database, Inbox(lab.paths.inbox, lab.paths.set_aside), Markers(lab.paths.markers))


def both(lab: Lab) -> None:
    for session, words in ((SESSION, WORDS), (OTHER, OTHERS)):
        lab.event("SessionStart", session=session, source="startup")
        lab.use(session=session, tool=f"t-{session}")
        lab.react(words, session=session, prompt=f"p-{session}")


def judged(lab: Lab) -> None:
    verdict = {**FAULT, "outcome": "agent_fault", "quote": None, "reason": REASON}
    lab.script(judge=[{"answer": verdict}])


def test_what_was_recorded_and_not_yet_taken_in(lab: Lab) -> None:
    both(lab)
    assert traces(lab).held(SESSION).events == 3
    assert not traces(lab).held("a session of nobody")
    traces(lab).forget(SESSION)
    assert (lab.holding(WORDS), len(lab.holding(OTHERS)), lab.left()[0]) == ([], 1, 3)


def test_the_markers_of_what_is_only_in_the_inbox(lab: Lab) -> None:
    markers = Markers(lab.paths.markers)
    kept = [f"another-{SESSION}", OTHER, SESSION[:-1]]
    for session in (SESSION, *kept):
        markers.put("claude_code", session)
    markers.put("pi", SESSION)
    traces(lab).forget(SESSION)
    assert {path.name for path in lab.paths.markers.iterdir()} == {f"claude_code-{session}" for session in kept}


def test_what_waits_for_the_judge(lab: Lab) -> None:
    lab.script(judge=[])
    both(lab)
    lab.work()
    held = traces(lab).held(SESSION)
    assert (len(held.uses), held.reactions, held.jobs) == (1, 1, 1)
    assert lab.holding(WORDS)
    traces(lab).forget(SESSION)
    assert lab.holding(WORDS) == []
    assert lab.holding(OTHERS) != []
    assert not traces(lab).held(SESSION)
    judged(lab)
    lab.now += 3600 * 10**9
    lab.work()
    assert len(lab.store.verdicts()) == 1


def test_what_is_in_the_store(lab: Lab) -> None:
    both(lab)
    judged(lab)
    lab.work()
    assert {row.reason for row in lab.store.verdicts()} == {REASON}
    assert lab.store.forget_session(SESSION) == SessionWords(1, 0)
    assert {row.reason for row in lab.store.verdicts()} == {FORGOTTEN, REASON}


@pytest.mark.parametrize("text", ["claude_code", "deploy--alice", OTHER[:-1], WORDS])
def test_a_text_that_stands_in_another_sessions_events_is_no_session(lab: Lab, text: str) -> None:
    both(lab)
    lab.event("UserPromptSubmit", session=OTHER, prompt=f'{text} "session_id": "{text}"', prompt_id="p")
    assert traces(lab).held(text).events == 0


def test_the_keys_of_a_session_are_the_recorders() -> None:
    assert tuple(f'"{key}"'.encode() for key in SESSION_KEYS) == recorder.SESSION_KEYS


@pytest.mark.parametrize("key", SESSION_KEYS)
@pytest.mark.parametrize("head", [f"{FIRST_LINE}\nharness=cursor\n\n", "no header "])
def test_what_was_set_aside_is_found_by_each_key_however_it_is_cut(tmp_path: Path, key: str, head: str) -> None:
    inbox = Inbox(tmp_path / "inbox", tmp_path / "aside")
    (tmp_path / "aside").mkdir()
    for session in ("gr\u00fc\u00df-1234", "other-1234"):
        for spaces in (None, (",", ":")):
            payload = json.dumps({key: session, "prompt": "no, the"}, separators=spaces)[:-3]
            (tmp_path / "aside" / f"{session}{spaces}").write_text(head + payload)
    found = inbox.about("gr\u00fc\u00df-1234")
    assert len(found) == 2
    assert all(path.name.startswith("gr") for path in found)


def test_the_proposer_is_told_of_no_proposal_that_was_emptied(lab: Lab) -> None:
    lab.store.record([invocation(1, session_id=SESSION), proposal(1), proposal(2, status=ProposalStatus.REJECTED)])
    lab.store.forget_session(SESSION)
    (told,) = _rejected_words(lab.store.proposals())
    assert FORGOTTEN not in told
