"""Words that stand together in what was only read: verbatim, in another order, on other lines."""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from hivemind_skillopt.gate.finding import Finding
from hivemind_skillopt.gate.grounding import Ground
from hivemind_skillopt.gate.markdown import Sentence, sentences
from hivemind_skillopt.gate.words import content

NEAR = 8
"""So many content words apart, two words of what was read belong together: about a sentence."""

MOST_PAIRS = 40
"""Of the untyped words of one sentence that many are compared with each other: the work stays linear."""


def read_together(ground: Ground, read: Sequence[str], parent: str, new: Iterable[Sentence]) -> Iterator[Finding]:
    """New sentences with two words that nobody typed, that stand together there and nowhere in the parent."""
    places, own = _places(read, parent), _together(parent)
    for sentence in new:
        untyped = [word for word in ground.new_words(sentence) if word.key not in ground.typed and word.key in places]
        first = {word.key: word.text for word in untyped[:MOST_PAIRS]}
        for a, b in itertools.combinations(sorted(first), 2):
            if frozenset((a, b)) not in own and _near(places[a], places[b]):
                yield Finding(sentence.line, f"{first[a]} {first[b]}")
                break


def _places(read: Sequence[str], parent: str) -> dict[str, list[int]]:
    """Where each word stands, counted over all texts. The skill's own lines, which an agent reads too, do not count."""
    own = {line.strip() for line in parent.splitlines()}
    places, at = defaultdict(list), 0
    for text in read:
        for line in text.splitlines():
            if line.strip() in own:
                continue
            for word in content(line):
                places[word.key].append(at)
                at += 1
        at += NEAR + 1
    return places


def _near(one: Sequence[int], other: Sequence[int]) -> bool:
    """Both are sorted; the shorter list is walked."""
    few, many = sorted((one, other), key=len)
    return any(bisect_right(many, place + NEAR) > bisect_left(many, place - NEAR) for place in few)


def _together(parent: str) -> set[frozenset[str]]:
    """Pairs of neighbours within a sentence of the parent."""
    pairs = set()
    for sentence in sentences(parent):
        found = [word.key for word in content(sentence.text)]
        for step in range(1, NEAR + 1):
            pairs |= {frozenset(pair) for pair in zip(found, found[step:], strict=False)}
    return pairs
