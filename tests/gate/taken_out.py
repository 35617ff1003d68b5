"""Honest additions that nobody made up: lines of prose in real skills, taken out so that an edit puts them back."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from hivemind_skillopt.gate.markdown import body_lines
from hivemind_skillopt.skill_md import parse_skill_md
from tests.corpora import skill_files

RUNS = (1, 1, 1, 2, 2, 3, 4, 6)
"""Lines at a time."""

MAX_CHARS = 20_000
_NO_PROSE = re.compile(r"`|http|\w\.\w{2,}|[/$<]|[^\x00-\x7f]")


def put_back(rnd: random.Random) -> Iterator[tuple[str, str]]:
    """The text without some lines, and the whole: endlessly."""
    files = skill_files()
    while True:
        skill = parse_skill_md(rnd.choice(files).read_bytes())
        prose = _prose(skill.body) if skill.yaml_at and len(skill.text) <= MAX_CHARS else []
        if len(prose) >= 3:
            start = rnd.randrange(len(prose))
            taken = set(prose[start : start + rnd.choice(RUNS)])
            lines = enumerate(skill.body.split("\n"), start=1)
            yield skill.front + "\n".join(line for at, line in lines if at not in taken), skill.text


def _prose(body: str) -> list[int]:
    """Lines of six words and more, outside of fences, that name no file, host, variable or command."""
    lines = (line for line in body_lines(body) if line.language is None)
    return [line.number for line in lines if len(line.text.split()) >= 6 and not _NO_PROSE.search(line.text)]
