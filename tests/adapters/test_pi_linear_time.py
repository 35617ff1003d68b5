"""No prompt can keep the worker busy: what pi put into it is found in time that grows with its length alone."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hivemind_skillopt.adapters.pi.adapter import Pi
from hivemind_skillopt.adapters.pi.payload import as_typed
from hivemind_skillopt.adapters.pi.transcript import Invoked, read_transcript
from hivemind_skillopt.events import InboxItem

SIZES = [1 << power for power in range(13, 19)]
"""8 kB to 256 kB, each twice the one before."""

SLACK = 0.05
"""s. What one look at the clock may be off by; the largest prompt takes less."""

OPEN, END = '<file name="x">', "</file>\n"
SKILL = '<skill name="a--b" location="/a--b/SKILL.md">\n'
HOSTILE = {
    "plain": ("", "a"),
    "lines": ("", "\n"),
    "open tags": ("", OPEN),
    "end tags": ("", END),
    "end tags after an open one": (OPEN, END),
    "pairs": ("", OPEN + END),
    "almost a tag": ("", '<file name="'),
    "almost an end": (OPEN, "</file>"),
    "a long command": ("/skill:", "a"),
    "ends of a skill": (SKILL, "\n</skill>"),
    "ends of a skill with empty lines": (SKILL, "\n</skill>\n\n"),
    "open skills": ("", SKILL),
}
"""How it begins, and what is repeated then."""


def typed(text: str, folder: Path) -> None:
    as_typed(text)


def recorded(text: str, folder: Path) -> None:
    payload = json.dumps({"session_id": "s", "event_id": "e", "prompt": text}).encode()
    Pi().events(InboxItem("1-a", 5, "pi", "UserPromptMention", 3, {}, payload))


def transcribed(text: str, folder: Path) -> None:
    message = {"role": "user", "content": text, "timestamp": 1}
    path = folder / "session.jsonl"
    path.write_text(json.dumps({"type": "message", "id": "1", "parentId": None, "message": message}) + "\n")
    read_transcript(str(path), Invoked("a--b", at=0))


def cpu_seconds(work: Callable[[str, Path], None], text: str, folder: Path) -> float:
    """The best of three: whatever else the machine does takes nothing off."""
    taken = []
    for _ in range(3):
        start = time.process_time()
        work(text, folder)
        taken.append(time.process_time() - start)
    return min(taken)


@pytest.mark.parametrize("work", [typed, recorded, transcribed])
@pytest.mark.parametrize("name", HOSTILE)
def test_twice_the_length_is_twice_the_time(work: Callable[[str, Path], None], name: str, tmp_path: Path) -> None:
    head, piece = HOSTILE[name]
    before = 0.0
    for size in SIZES:
        taken = cpu_seconds(work, head + piece * (size // len(piece)), tmp_path)
        assert taken < 3 * before + SLACK, f"{size} characters"
        before = taken
