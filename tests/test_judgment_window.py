"""The K-message window as a state machine, and the acknowledgements that cost no model call."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivemind_skillopt.judgment_window import WINDOW_AGE, Closed, JudgmentWindow, is_acknowledgement
from hivemind_skillopt.model import Invocation, Outcome, Provenance, SkillRef, VersionSource
from hivemind_skillopt.settings import Mode

OPENED = 1_000


def window(k: int = 3, prompt_id: str = "p1") -> JudgmentWindow:
    invocation = Invocation(
        id="i", harness="claude_code", session_id="s", ref=SkillRef("deploy", "alice"), version=1, content_sha256="a",
        version_source=VersionSource.DISK, provenance=Provenance.TOOL, modified=False, user="u", project="p",
        invoked_at=OPENED,
    )  # fmt: skip
    return JudgmentWindow(invocation, home="/h", store_id="st", k=k, mode=Mode.AUTO, prompt_id=prompt_id)


@given(k=st.integers(1, 10), extra=st.integers(0, 3))
def test_the_kth_reaction_closes_it_and_no_other(k: int, extra: int) -> None:
    current, taken = window(k), 0
    for _ in range(k + extra):
        if current.takes("p9", OPENED + 1):
            current, taken = current.accept(), taken + 1
    assert (taken, current.closed) == (k, Closed.K_REACHED)


def test_what_is_no_reaction_to_it() -> None:
    assert window().takes("p2", OPENED + 1)
    assert not window().takes("p1", OPENED + 1), "the prompt that opened it"
    assert not window().takes("p2", OPENED), "not after it"
    assert not window().close(Closed.EXPIRED).takes("p2", OPENED + 1)
    assert window(prompt_id="").takes("", OPENED + 1), "a harness without prompt ids"


def test_it_expires_after_a_day() -> None:
    assert window().expire(OPENED + WINDOW_AGE).closed is None
    assert window().expire(OPENED + WINDOW_AGE + 1).closed is Closed.EXPIRED


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("confidence", [0.5, 0.7, 1.0])
def test_only_a_confident_skill_fault_closes_it(outcome: Outcome, confidence: float) -> None:
    closed = window().after_verdict(outcome, confidence, 0.7).closed
    assert closed is (Closed.SKILL_FAULT if outcome is Outcome.SKILL_FAULT and confidence >= 0.7 else None)


def test_the_first_reason_stays() -> None:
    assert window().close(Closed.INVOKED_AGAIN).close(Closed.EXPIRED).closed is Closed.INVOKED_AGAIN


@pytest.mark.parametrize("text", ["", "  ", "thanks", "OK!", "ok, thanks.", "Great, thank you", "👍"])
def test_acknowledgements(text: str) -> None:
    assert is_acknowledgement(text)


@pytest.mark.parametrize("text", ["no", "ok, but not production", "thanks but it fails", "stop", "ok ok ok ok"])
def test_words_that_say_something(text: str) -> None:
    assert not is_acknowledgement(text)
