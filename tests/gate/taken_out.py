"""Honest additions that nobody made up: lines of prose in real skills, taken out so that an edit puts them back."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from tests.corpora import skill_files

RUNS = (1, 1, 1, 2, 2, 3, 4, 6)
"""Lines at a time."""

MAX_CHARS = 20_000
_NO_PROSE = re.compile(r"`|http|\w\.\w{2,}|[/$<]|[^\x00-\x7f]")


def put_back(rnd: random.Random) -> Iterator[tuple[str, str]]:
    """The text without some lines, and the whole: endlessly."""
    files = skill_files()
    while True:
        text = rnd.choice(files).read_text(encoding="utf-8")
        lines = text.split("\n")
        prose = list(_prose(lines)) if len(text) <= MAX_CHARS else []
        if len(prose) >= 3:
            start = rnd.randrange(len(prose))
            taken = set(prose[start : start + rnd.choice(RUNS)])
            yield "\n".join(line for at, line in enumerate(lines) if at not in taken), text


def _prose(lines: list[str]) -> Iterator[int]:
    """Lines of six words and more, outside of front matter and fences, that name no file, host, variable or command."""
    if lines[0] != "---" or "---" not in lines[1:]:
        return
    inside = False
    for at in range(lines.index("---", 1) + 1, len(lines)):
        if lines[at].lstrip().startswith(("```", "~~~")):
            inside = not inside
        elif not inside and len(lines[at].split()) >= 6 and not _NO_PROSE.search(lines[at]):
            yield at
