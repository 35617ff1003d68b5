"""Real transcripts, cut, shuffled and damaged: never an exception, and never a tool's words in a human's mouth."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random

import pytest

from hivemind_skillopt.adapters.claude_code.transcript import read_transcript
from hivemind_skillopt.ports import Conversation, Turn
from tests.real_data.sessions import SESSIONS, Session, laid_out, machine_text, windows

RUNS = 150

Damage = Callable[[bytes, Random], bytes]


def cut_end(data: bytes, chance: Random) -> bytes:
    return data[: chance.randrange(len(data))]


def cut_start(data: bytes, chance: Random) -> bytes:
    return data[chance.randrange(len(data)) :]


def shuffled(data: bytes, chance: Random) -> bytes:
    lines = data.splitlines(keepends=True)
    chance.shuffle(lines)
    return b"".join(lines)


def doubled(data: bytes, chance: Random) -> bytes:
    lines = data.splitlines(keepends=True)
    return b"".join(line * chance.choice((1, 1, 2, 3)) for line in lines)


def dropped(data: bytes, chance: Random) -> bytes:
    return b"".join(line for line in data.splitlines(keepends=True) if chance.random() > 0.2)


def joined(data: bytes, chance: Random) -> bytes:
    """Line ends lost: two records on one line."""
    return b"".join(line.strip() if chance.random() < 0.2 else line for line in data.splitlines(keepends=True))


def flipped(data: bytes, chance: Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(chance.choice((1, 10, 200))):
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def nulled(data: bytes, chance: Random) -> bytes:
    """A block that a crash left unwritten."""
    start = chance.randrange(len(data))
    end = min(len(data), start + chance.randrange(1, 4096))
    return data[:start] + b"\0" * (end - start) + data[end:]


DAMAGES = [cut_end, cut_start, shuffled, doubled, dropped, joined, flipped, nulled]


@cache
def machine(session: Session) -> set[tuple[str, ...]]:
    return machine_text(session.path.read_bytes())


def wrong_turns(session: Session, found: Conversation | None) -> list[str]:
    """Human turns that hold what a tool printed or the program wrote."""
    turns = found.turns if found else ()
    return [turn.text for turn in turns if turn.who == "human" and windows(turn.text) & machine(session)]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", SESSIONS)
def test_a_damaged_transcript(name: str, damage: Damage, tmp_path: Path) -> None:
    session, path = SESSIONS[name], laid_out(SESSIONS[name], tmp_path)
    whole, chance = session.path.read_bytes(), Random(f"{name} {damage.__name__}")
    for _ in range(RUNS):
        path.write_bytes(damage(whole, chance))
        assert wrong_turns(session, read_transcript(str(path), session.invoked)) == []


@pytest.mark.parametrize("name", SESSIONS)
def test_a_transcript_that_is_still_being_written(name: str, tmp_path: Path) -> None:
    """Every line by itself: from the line of the use on it is found, and turns are only added at the end."""
    session, path = SESSIONS[name], laid_out(SESSIONS[name], tmp_path)
    before: list[str] = []
    found = None
    path.write_bytes(b"")
    for line in session.path.read_bytes().splitlines(keepends=True):
        for part in (line[: len(line) // 2], line[len(line) // 2 :]):
            with path.open("ab") as file:
                file.write(part)
            found = read_transcript(str(path), session.invoked)
            turns = [turn.text.partition(":")[0] for turn in found.turns] if found else []
            assert turns[: len(before)] == before
            before = turns
    assert len(before) == len(session.turns)


@pytest.mark.parametrize("name", SESSIONS)
def test_the_check_on_human_turns_can_fail(name: str) -> None:
    """A conversation in which a tool's words are the human's is found wrong."""
    session = SESSIONS[name]
    wrong = Turn("human", f"so: {' '.join(sorted(machine(session))[0])}!")
    found = Conversation(turns=(wrong,), skill_body=None, tool_output=(), absorbed=())
    assert wrong_turns(session, found) == [wrong.text]
