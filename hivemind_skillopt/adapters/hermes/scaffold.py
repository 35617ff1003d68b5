"""What Hermes makes of a typed `/skill`: a prompt with the skills' texts in it. And prompts that nobody typed.

One skill: the note, its text, its folder, the typed words. Several (`/a /b words`, or a bundle): the note, the typed
words, then a block for each. Recorded with 0.19.0; the builders are its agent/skill_commands.py and skill_bundles.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PREFIX = "[IMPORTANT: The user has invoked the "
BLOCK = "\n\n[Loaded as part of the "
WORDS_OF_ONE = "The user has provided the following instruction alongside the skill invocation: "
WORDS_OF_SEVERAL = "\nUser instruction: "
RUNTIME_NOTE = "\n\n[Runtime note:"

_FOLDER = re.compile(r"^\[Skill directory: (?P<folder>[^\n]+)\]$", re.M)

SYNTHETIC = (
    "Review the conversation above and ",
    "[ASYNC DELEGATION ",
    "[IMPORTANT: ",
    "[USER INITIATED SKILLS RELOAD:",
    "[System: ",
    "[System note: The user ",
    "[Continuing toward ",
    "[Background process ",
    "[CONTEXT COMPACTION ",
    "[CONTEXT SUMMARY]",
    "[PRIOR CONTEXT ",
    "[CRITICAL \u2014 MESSAGE RECALLED]",
)
"""How what nobody typed begins: its own review of a session, and the notes of its machinery, as its source has them."""


@dataclass(frozen=True, slots=True)
class LoadedSkill:
    """One skill in the prompt: the folder that Hermes names, and the text as it stands there."""

    folder: str
    text: str

    @property
    def name(self) -> str:
        return Path(self.folder).name


@dataclass(frozen=True, slots=True)
class Scaffold:
    """`words`: what the human typed beside the names."""

    skills: tuple[LoadedSkill, ...]
    words: str

    @property
    def shown(self) -> str:
        """About as it was typed."""
        return " ".join([*(f"/{skill.name}" for skill in self.skills), self.words]).strip()


def read_scaffold(message: str) -> Scaffold | None:
    """None for a prompt that is no such thing."""
    if not message.startswith(PREFIX):
        return None
    head, *blocks = message.split(BLOCK)
    loaded = [skill for block in (blocks or [head]) if (skill := _loaded(block)) is not None]
    return Scaffold(tuple(loaded), _words_of_several(head) if blocks else _words_of_one(head))


def is_human(message: str) -> bool:
    """Typed by the human, as far as the text can say."""
    return not message.lstrip().startswith(SYNTHETIC)


def _loaded(block: str) -> LoadedSkill | None:
    """The folder's line comes after the text, which may hold anything."""
    *_, last = [None, *_FOLDER.finditer(block)]
    if last is None:
        return None
    _note, _, text = block[: last.start()].partition("\n\n")
    return LoadedSkill(last["folder"], text.strip())


def _words_of_one(message: str) -> str:
    *_, folder = [None, *_FOLDER.finditer(message)]
    _, _, words = message[folder.end() if folder else 0 :].partition(WORDS_OF_ONE)
    return words.partition(RUNTIME_NOTE)[0].strip()


def _words_of_several(head: str) -> str:
    return head.partition(WORDS_OF_SEVERAL)[2].strip()
