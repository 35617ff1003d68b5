"""What an edit turns round with no word of its own: a 'not', 'may' for 'must', a sign in code, the order of words.

The words that every sentence needs are free for whoever brings content as well. A sentence that brings none says what
it says by these alone: then they must be the human's, from a turn about the same matter.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from hivemind_skillopt.gate.finding import Finding
from hivemind_skillopt.gate.grounding import Ground
from hivemind_skillopt.gate.markdown import Sentence
from hivemind_skillopt.gate.words import FREE, content_keys, keys, words

_NEGATIONS = keys(
    [
        "not never no none nor neither nothing nobody without unless except cannot dont doesnt isnt arent wont",
        "shouldnt mustnt cant didnt stop avoid",
    ]
)
_TELLING = keys(
    [
        "only until before after above below most least more less few all may must shall should first last",
        "instead than even rather",
    ]
)
"""Free words that change what a sentence orders when they go."""

_ARTICLES = keys(["a an the"])
_NO_FIRST = re.compile(r"^\W*no\b\s*[,.!;:\u2014-]+", re.IGNORECASE)
"""'No, that is wrong': no negation of anything that follows."""

_LAYOUT = re.compile(r"[\s.,:;!*_`\"'()|\u2018\u2019\u201c\u201d-]+")
_RULE = re.compile(r"[\s|:-]+")
"""The line below a table's head."""

_NOT = "not"


def turned_round(
    ground: Ground, typed: Iterable[str], new: Iterable[Sentence], gone: Sequence[Sentence]
) -> Iterator[Finding]:
    """New sentences without a content word of their own whose other words nobody asked to change."""
    turns = [keys([_NO_FIRST.sub("", turn)]) for turn in typed]
    for sentence in (one for one in new if not _RULE.fullmatch(one.text)):
        if not ground.new_words(sentence) and not _is_asked_for(sentence, _most_like(sentence, gone), turns):
            yield Finding(sentence.line, sentence.text)


def _most_like(sentence: Sentence, gone: Sequence[Sentence]) -> Sentence | None:
    own = keys([sentence.text])
    return max(gone, key=lambda other: len(own & keys([other.text])), default=None)


def _is_asked_for(sentence: Sentence, before: Sentence | None, turns: Sequence[set[str]]) -> bool:
    matter = content_keys(sentence.text)
    old = [word.key for word in words(before.text)] if before and matter else []
    own = [word.key for word in words(sentence.text)]
    changed = Counter(own) - Counter(old), Counter(old) - Counter(own)
    if not any(changed):
        return own == old and before is not None and _letters(sentence) == _letters(before)
    if before:
        matter |= content_keys(before.text) if matter else set()
    need = _alike(set(changed[0]) | {key for key in changed[1] if key in _TELLING or key not in FREE})
    need |= {_NOT} & _alike(changed[1])
    return not need or any(_says(turn, need, matter) for turn in turns)


def _says(turn: set[str], need: set[str], matter: set[str]) -> bool:
    """Half of the changed words or more, any negation among them, in a turn that speaks of the matter."""
    said = need & _alike(turn)
    return (not matter or bool(matter & turn)) and 2 * len(said) >= len(need) and (_NOT in said or _NOT not in need)


def _alike(found: Iterable[str]) -> set[str]:
    """One negation is as good as another."""
    return {_NOT if key in _NEGATIONS else key for key in found} - _ARTICLES


def _letters(sentence: Sentence) -> str:
    """Signs included: '<' for '>' is another condition."""
    return _LAYOUT.sub(" ", sentence.folded).strip()
