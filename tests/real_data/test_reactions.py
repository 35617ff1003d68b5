"""Real reactions, annotated by people: none that complains, corrects or asks is skipped as a mere acknowledgement."""

from __future__ import annotations

import re

from hivemind_skillopt.judgment_window import is_acknowledgement
from tests.corpora import rows

ROWS = "reactions/eurtad_errors_and_controls.jsonl"


def test_no_reaction_to_an_error_is_skipped() -> None:
    """173 of them, of all five kinds; those that ignore the error are judged too."""
    reactions = [row["user_reaction"] for row in rows(ROWS) if row["label_error"]]
    assert len(reactions) == 173
    assert [text for text in reactions if is_acknowledgement(text)] == []


def test_of_everything_the_users_said_only_thanks_are_skipped() -> None:
    """2,672 utterances of the dialogues; "yes, do you?" is the one of them that says something."""
    said = [text.strip() for row in rows(ROWS) for text in re.findall(r"<user>(.*?)(?=<\w+>|\Z)", row["context"], re.S)]
    skipped = [text for text in said if text and is_acknowledgement(text)]
    assert len(said) > 2_000
    assert 20 <= len(skipped) <= 30
    assert set(skipped) <= {"thank you", "thanks", "yes", "yes, do you?"}
