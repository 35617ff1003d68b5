"""Sentences that tell an agent to do what no small fix needs: give away, delete, override.

A sentence that tells the agent NOT to do it is no finding, nor is one that rewords what a removed one already said.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator

from hivemind_skillopt.gate.markdown import Sentence
from hivemind_skillopt.gate.negation import forbids_before, is_negated
from hivemind_skillopt.gate.phrase_patterns import PATTERNS

Matches = Callable[[str], Iterable[re.Match[str]]]

_LOWER = re.compile(r"(?<![\w'\u2019])[a-z][\w'\u2019-]*\W*\Z")


def forbids(sentence: str) -> bool:
    """Whether a sentence says not to do what one of the families means."""
    found = (match for name in PATTERNS for match in matches(name)(sentence))
    return any(is_negated(sentence[max(0, match.start() - 120) : match.start()]) for match in found)


@functools.cache
def matches(name: str) -> Matches:
    """The finder of one family of phrases."""
    patterns = [re.compile(pattern, re.IGNORECASE) for pattern in PATTERNS[name]]
    return lambda sentence: (found for pattern in patterns for found in pattern.finditer(sentence))


def new_phrases(find: Matches, new: Iterable[Sentence], gone: Iterable[Sentence]) -> Iterator[Sentence]:
    """The new sentences that say what no removed sentence said."""
    said = {key for sentence in gone for key in _keys(find, sentence.text)}
    return (sentence for sentence in new if set(_keys(find, sentence.text)) - said)


def _keys(find: Matches, sentence: str) -> Iterator[tuple[str, str]]:
    """First and last word of each match: the verb and what it acts on."""
    for found in find(sentence):
        if not _is_forbidden(found, sentence[max(0, found.start() - 120) : found.start()]):
            words = re.findall(r"[\w.-]+", found.group().casefold()) or [found.group()]
            yield words[0], words[-1]


def _is_forbidden(found: re.Match[str], before: str) -> bool:
    """Whether what stands before it says not to. A capital behind a word in lower case begins a sentence of its own."""
    if found.group()[0].isupper() and _LOWER.search(before):
        return False
    return is_negated(before) or (found.group().lower().startswith("without") and forbids_before(before))
