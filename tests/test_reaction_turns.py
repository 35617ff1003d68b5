"""Which turn of a transcript without prompt ids is which reaction."""

from __future__ import annotations

from typing import Any, cast

import pytest

from hivemind_skillopt.model import Reaction
from hivemind_skillopt.pipeline import Case, _up_to_last_reaction
from hivemind_skillopt.ports import Conversation, Turn

TURNS = (
    Turn("human", "no"), Turn("tool", "skill_view: ok", at_invocation=True), Turn("human", "no"),
    Turn("assistant", "no"), Turn("human", "no "), Turn("assistant", "Sorry."),
)  # fmt: skip


@pytest.mark.parametrize(("reactions", "found"), [
    (["no", "no"], {2: "r0", 4: "r1"}),
    (["no"], {4: "r0"}),
    (["no", "no", "no"], {2: "r1", 4: "r2"}),
    (["why?"], {}),
])  # fmt: skip
def test_the_same_words_twice(reactions: list[str], found: dict[int, str]) -> None:
    """The newest last: an earlier one may be judged already. What was said before the use is none."""
    told = tuple(Reaction(f"r{at}", "i", at, text) for at, text in enumerate(reactions))
    case = Case(cast("Any", None), told, Conversation(TURNS), lambda *_: True)
    shown = _up_to_last_reaction(case)
    assert {at: turn.reaction_id for at, turn in enumerate(shown) if turn.is_reaction} == found
    assert len(shown) == (5 if found else 6)
