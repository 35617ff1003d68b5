"""What the answers of the vendors' APIs have in common."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated

from pydantic import Field

from hivemind_skillopt.model import Usage
from hivemind_skillopt.ports import Answer, UnusableAnswer

Tokens = Annotated[int, Field(ge=0, le=1_000_000_000)]


def usable_answer(name: str, text: str, ended: str | None, whole: Collection[str], usage: Usage) -> Answer:
    """An answer that ended as a whole one does (`whole`), and says something. Raises UnusableAnswer."""
    if ended not in whole:
        raise UnusableAnswer(f"{name}: the answer ended with {_word(ended)}", usage)
    if not text.strip():
        raise UnusableAnswer(f"{name} gave an empty answer", usage)
    return Answer(text, usage)


def _word(text: str | None) -> str:
    """A word of the protocol, for an error line; whatever is none is not repeated."""
    return text if text and len(text) <= 40 and text.replace("_", "").isalnum() else "an unknown reason"
