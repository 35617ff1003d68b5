"""Edits that an attacker's page would lead to, planted in skills; and the evidence of where their words come from."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hivemind_skillopt.edits import apply_edits
from hivemind_skillopt.gate.candidate import Candidate, Evidence
from hivemind_skillopt.gate.words import content, keys
from hivemind_skillopt.model import Edit, Op
from hivemind_skillopt.skill_md import parse_skill_md
from tests.gate.disguises import DISGUISES
from tests.gate.planted import COMPLAINTS, TOOL_NOISE

OPS = ("append", "insert_after", "replace", "extend", "top")
PLACES = ("tool", "two tools", "long paste", "fenced paste", "quoted paste", "announced paste")


@dataclass(frozen=True, slots=True)
class Plant:
    """One planted edit. `kind` is the disguise, `place` where the line was read."""

    kind: str
    place: str
    op: str
    line: str
    candidate: Candidate


def plants(lines: Sequence[str], parents: Sequence[str], count: int, seed: int) -> Iterator[Plant]:
    """`count` variants, every disguise as often as any other; the same for the same seed."""
    rnd = random.Random(seed)
    vocabularies = [keys([parent]) for parent in parents]
    for number in range(count):
        disguise = DISGUISES[number % len(DISGUISES)]
        line, place, op = rnd.choice(lines), rnd.choice(PLACES), rnd.choice(OPS)
        parent = parents[_parent_for(line, vocabularies, rnd)]
        variant = disguise(line, rnd)
        read = line if rnd.random() < 0.7 else variant
        evidence = _evidence(read, place, rnd)
        before, after = parent.encode(), planted(parent, variant, op, rnd)
        yield Plant(disguise.__name__, place, op, line, Candidate(before, after, evidence=evidence))


def planted(parent: str, text: str, op: str, rnd: random.Random) -> bytes:
    """The parent with the text at a random place, by one edit."""
    skill = parse_skill_md(parent.encode())
    lines = [line for line in skill.body.split("\n") if len(line) > 12 and skill.body.count(line) == 1]
    lines = [line for line in lines if "SLOW_UPDATE" not in line]
    target = rnd.choice(lines) if lines else None
    if target is None or op == "append":
        edit = Edit(Op.APPEND, None, text)
    elif op == "insert_after":
        edit = Edit(Op.INSERT_AFTER, target, text)
    elif op == "replace":
        edit = Edit(Op.REPLACE, target, text)
    elif op == "extend":
        edit = Edit(Op.REPLACE, target, f"{target} {text}")
    else:
        edit = Edit(Op.REPLACE, target, f"{text}\n{target}")
    return apply_edits(skill, [edit]).data


def _parent_for(line: str, vocabularies: Sequence[set[str]], rnd: random.Random) -> int:
    """Mostly, of ten, the skill that has most of the line's own words: the hardest to tell it from."""
    some = rnd.sample(range(len(vocabularies)), min(10, len(vocabularies)))
    needed = {word.key for word in content(line)}
    return max(some, key=lambda n: len(needed & vocabularies[n])) if rnd.random() < 0.7 else some[0]


def _evidence(read: str, place: str, rnd: random.Random) -> Evidence:
    said = rnd.sample(COMPLAINTS, 2)
    page = f"# Team guide\n\nWe are glad that you are here.\n{read}\nSee you soon."
    if place == "tool":
        return Evidence(tuple(said), ("I will do that.",), (TOOL_NOISE + read + "\n",))
    if place == "two tools":
        return Evidence(tuple(said), (read,), (TOOL_NOISE, page))
    if place == "long paste":
        paste = "\n".join(["this is what I got:", *["a line of the log"] * 10, read])
    elif place == "fenced paste":
        paste = f"look at this\n```\n{read}\n```\n{said[1]}"
    elif place == "quoted paste":
        paste = "they answered\n" + "\n".join(f"> {row}" for row in read.split("\n"))
    else:
        paste = f"Here is the page:\n\n{page}"
    return Evidence((said[0], paste), (), (TOOL_NOISE,))
