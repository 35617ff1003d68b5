"""Which skills a shell command reads or runs, for harnesses whose agents read `SKILL.md` with the shell.

A hit is a reader with a `<name>--<author>/SKILL.md` among its arguments, or a script under `<name>--<author>/scripts/`
that is run. To list, search, count, copy or change such a file is no use of the skill. Not seen: shell loops and globs,
`sh -c '...'`, paths in other variables than HOME.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from os.path import normpath
from pathlib import Path

from hivemind_skillopt.adapters.shell_words import simple_commands
from hivemind_skillopt.errors import SkillInvalid
from hivemind_skillopt.model import SkillRef

READERS = frozenset(("cat", "sed", "head", "tail", "less", "more", "bat", "awk", "nl"))
"""What agents read a file with (Codex contract 5; Codex counts the use of skills by the same programs)."""

INTERPRETER = re.compile(r"(?:python|pypy|node|deno|bun|ruby|perl|php|bash|dash|ksh|zsh|sh|pwsh)[\d.]*|source|\.")
BEFORE_PROGRAM = frozenset(("command", "env", "exec", "sudo", "time", "if", "then", "else", "do", "while", "{", "!"))
"""Words that the program's name stands behind."""

IN_PLACE = re.compile(r"-[nErsuz]*i.*|--in-place.*", re.DOTALL)
"""`sed -i` changes the file."""

MAX_PATH = 4096
"""PATH_MAX of Linux; no file has a longer name."""

MAX_READS = 50
"""Of one command or prompt. Each costs the worker a look into the manifest; nobody works with more skills at once."""

_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")


@dataclass(frozen=True, slots=True)
class SkillRead:
    """The folder's name and its absolute path, links not followed."""

    skill: str
    folder: str


def skill_reads(command: str, cwd: str, home: str) -> list[SkillRead]:
    """In order, each folder once. Whether one of them is an org skill the manifest says. Never raises."""
    return list(dict.fromkeys(islice(_reads(command, cwd, home), MAX_READS)))


def _reads(command: str, cwd: str, home: str) -> Iterator[SkillRead]:
    for words in simple_commands(command, home):
        program, arguments = _program(words)
        if program == "cd":
            cwd = _resolved(next((a for a in arguments if a == "-" or not a.startswith("-")), home), cwd)
        yield from _read(program, arguments, cwd)
        script = _script(program, arguments)
        if script and (found := _of_script(_resolved(script, cwd))):
            yield found


def _program(words: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The program and its arguments, behind assignments, `sudo` and the like with their options."""
    skips_options = False
    for at, word in enumerate(words):
        if word in BEFORE_PROGRAM:
            skips_options = True
        elif not _ASSIGNMENT.match(word) and not (skips_options and word.startswith("-")):
            return word, words[at + 1 :]
    return "", ()


def _read(program: str, arguments: tuple[str, ...], cwd: str) -> Iterator[SkillRead]:
    name = program.rpartition("/")[2]
    if name not in READERS or (name == "sed" and any(IN_PLACE.fullmatch(a) for a in arguments)):
        return
    for path in (_resolved(a, cwd) for a in arguments if a.endswith("SKILL.md")):
        folder, _, file = path.rpartition("/")
        skill = folder.rpartition("/")[2]
        if file == "SKILL.md" and is_ref(skill):
            yield SkillRead(skill, folder)


def _script(program: str, arguments: tuple[str, ...]) -> str:
    """The path of the script that is run, or ''."""
    if INTERPRETER.fullmatch(program.rpartition("/")[2]):
        return next((a for a in arguments if not a.startswith("-")), "")
    return program if "/" in program else ""


def _of_script(path: str) -> SkillRead | None:
    """The innermost skill under whose `scripts/` it lies."""
    parts = path.split("/")
    for at in range(len(parts) - 2, 0, -1):
        if parts[at] == "scripts" and is_ref(parts[at - 1]):
            return SkillRead(parts[at - 1], "/".join(parts[:at]))
    return None


def _resolved(path: str, cwd: str) -> str:
    """Absolute and without `..`; '' where that cannot be."""
    if "\0" in path or len(cwd) + len(path) > MAX_PATH:
        return ""
    whole = Path(cwd, path)
    return normpath(whole) if whole.is_absolute() else ""


def is_ref(name: str) -> bool:
    """Is it written as `name--author`?"""
    try:
        SkillRef.parse(name)
    except SkillInvalid:
        return False
    return True
