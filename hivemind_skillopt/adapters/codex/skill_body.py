"""What Codex loaded of a skill: always the text of SKILL.md, front matter and all.

A `$mention` puts it into the rollout as a block of its own. An agent that reads the file with the shell sees what the
command prints: that is the whole text where the command can print nothing else. Of a part, or of several files in one
output, nothing can be told, so that the version on disk counts.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from pathlib import Path

from hivemind_skillopt.adapters.codex.records import Item
from hivemind_skillopt.adapters.shell_words import simple_commands

CUT = "\n... command output truncated for persistence ...\n"
"""Stands in the middle of what was longer than some 63 kB (seen)."""

_BLOCK = re.compile(
    r"<skill>\n<name>(?P<name>[^<\n]*)</name>\n<path>(?P<path>[^<\n]*)</path>\n(?P<body>.*)\n</skill>", re.S
)
_FIRST_LINES = re.compile(r"1,(?P<last>\d{1,9})p")


@dataclass(frozen=True, slots=True)
class Loaded:
    """`body` None: not known. `elsewhere`: another folder's skill, or nothing at all."""

    body: str | None = None
    elsewhere: bool = False


def of_mention(shown: Iterable[str], skill: str, link: str) -> Loaded:
    """From the first block of that name. Its path is the real one."""
    for found in filter(None, map(_BLOCK.fullmatch, shown)):
        if found["name"].rpartition(":")[2] == skill:
            return Loaded(found["body"], elsewhere=not _is_ours(str(Path(found["path"]).parent), link))
    return Loaded()


def of_command(item: Item) -> Loaded:
    """From what a shell command printed."""
    commands = [words for words in simple_commands(item.shell_command, "") if words[0] != "cd"]
    most = _most_lines(commands[0]) if len(commands) == 1 else 0
    if most and not item.is_ok:
        return Loaded(elsewhere=True)
    output = item.aggregated_output
    return Loaded(output if CUT not in output and 0 < output.count("\n") < most else None)


def _most_lines(words: tuple[str, ...]) -> float:
    """Of `cat FILE` and `sed -n 1,200p FILE`: how many lines of the one file it prints; 0 for any other command."""
    match words:
        case ("cat", _):
            return inf
        case ("sed", "-n", lines, _) if found := _FIRST_LINES.fullmatch(lines):
            return int(found["last"])
        case _:
            return 0


def _is_ours(folder: str, link: str) -> bool:
    """The version folder that the link leads to, or one beside it: a pull may have switched the link since.

    Version folders are `<skills>/<sha>/<name>--<author>`.
    """
    now, then = Path(os.path.realpath(link)), Path(os.path.realpath(folder))
    return not link or now == then or (now.name, now.parent.parent) == (then.name, then.parent.parent)
