"""Added prose in another script or language than the parent's: few reviewers can read it, and models can."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

from hivemind_skillopt.gate.finding import Finding
from hivemind_skillopt.gate.markdown import Sentence
from hivemind_skillopt.gate.words import FREE_BY_LANGUAGE, words

FEW_LETTERS = 3
"""A parent with no more letters of a script does not use it; a change with no more does not write in it."""

FEW_WORDS = 3
"""So many different function words tell a language."""

_ENOUGH = 0.02
"""A parent uses a language where at least this share of its words are the language's own function words."""

_LONG = 6
"""Of so many words at least one is a function word of the language they are in."""

_TELLING = 40
"""A shorter parent does not tell its language; most skills are English."""


def new_script(new: Iterable[Sentence], parent: str) -> Iterator[Finding]:
    """Sentences in letters of a script that the parent does not use."""
    known = {script for script, letters in _scripts(parent).items() if letters > FEW_LETTERS} | {"LATIN"}
    for sentence in new:
        if any(letters >= FEW_LETTERS for script, letters in _scripts(sentence.text).items() if script not in known):
            yield Finding(sentence.line, sentence.text)


def new_language(new: Iterable[Sentence], parent: str) -> Iterator[Finding]:
    """Sentences with several function words of a language that the parent does not use, more than of one it does."""
    counts = Counter(word.key for word in words(parent))
    few = counts.total() < _TELLING
    used = [
        own
        for name, own in _OWN.items()
        if (few and name == "English") or sum(counts[w] for w in own) >= _ENOUGH * max(1, counts.total())
    ]
    others = [own for own in _OWN.values() if own not in used]
    for sentence in new:
        found = {word.key for word in words(sentence.text)}
        foreign = max((len(found & own) for own in others), default=0)
        native = max((len(found & own) for own in used), default=0)
        if foreign > native and (foreign >= FEW_WORDS or (foreign >= 2 and not native and len(found) >= _LONG)):
            yield Finding(sentence.line, sentence.text)


def _scripts(text: str) -> Counter[str]:
    """Letters by script, by the first word of their Unicode name."""
    letters = re.findall(r"[^\W\d_\x00-\x7f]", text)
    return Counter(unicodedata.name(letter, "UNKNOWN").split()[0] for letter in letters) if letters else Counter()


_OWN = {
    name: found - (FREE_BY_LANGUAGE["English"] if name != "English" else frozenset())
    for name, found in FREE_BY_LANGUAGE.items()
}
"""Without the words that are English words too."""
