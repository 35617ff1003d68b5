"""Where the words of an edit come from: who uses the skill must have said them, or the skill itself.

No pattern is looked for. What an attacker wrote into a page can be reworded, translated, encoded or spread over lines
without end; it does not become what the human typed. So an added sentence takes its content words from what the human
typed or from the skill, most of them from one turn of the human; and a sentence goes only if the human spoke of it.
What an edit keeps of the sentence that it replaces needs no ground.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hivemind_skillopt.gate.finding import Finding
from hivemind_skillopt.gate.markdown import Sentence
from hivemind_skillopt.gate.typed import Said
from hivemind_skillopt.gate.words import Word, content, content_keys, keys

FEW = 2
"""Of so few new words one that was not typed is the verb or the noun of another sentence."""


class Ground:
    """What a change may stand on."""

    def __init__(self, said: Said, parent: str, gone: Sequence[Sentence]) -> None:
        self.turns = [keys([turn]) for turn in said.typed]
        self.typed: set[str] = set().union(*self.turns)
        self.parent = keys([parent])
        self._gone = [content_keys(sentence.text) for sentence in gone]

    def new_words(self, sentence: Sentence) -> list[Word]:
        """Its content words but for those of the gone sentence that it is most like."""
        found = content(sentence.text)
        own = {word.key for word in found}
        kept = max((own & gone for gone in self._gone), key=len, default=set())
        return [word for word in found if word.key not in kept]

    def is_said(self, found: Iterable[Word]) -> bool:
        """Two words or fewer were all typed, of more two of three; in one turn."""
        wanted = {word.key for word in found}
        enough = len(wanted) if len(wanted) <= FEW else -(-2 * len(wanted) // 3)
        return not wanted or any(len(wanted & turn) >= enough for turn in self.turns)

    def spoken_of(self, lost: set[str]) -> bool:
        """Two of the words or half of them were typed, in one turn."""
        said = max((len(lost & turn) for turn in self.turns), default=0)
        return said >= 2 or 2 * said >= len(lost)


def strangers(ground: Ground, new: Iterable[Sentence]) -> Iterator[Finding]:
    """Words that neither the human nor the skill uses. A synonym of what was read is one, too: none is let pass."""
    known = ground.typed | ground.parent
    for sentence in new:
        unknown = {word.key: word.text for word in ground.new_words(sentence) if word.key not in known}
        if unknown:
            yield Finding(sentence.line, " ".join(unknown.values()))


def unsaid(ground: Ground, new: Iterable[Sentence]) -> Iterator[Finding]:
    """Sentences that the skill's own words could make, but that the human did not ask for."""
    return (Finding(s.line, s.text) for s in new if not ground.is_said(ground.new_words(s)))


def taken_away(ground: Ground, new: Sequence[Sentence], gone: Iterable[Sentence]) -> Iterator[Finding]:
    """Sentences that go, and words that are cut out of one, that the human did not speak of.

    A word may give way to another. Of a sentence that stays, words may give way to typed ones in its place.
    """
    for sentence in gone:
        wanted = content_keys(sentence.text)
        after = max(new, key=lambda other: len(wanted & content_keys(other.text)), default=None)
        kept = wanted & content_keys(after.text) if after else set()
        lost = wanted - kept
        if len(lost) < (2 if kept else 1) or ground.spoken_of(lost):
            continue
        if not kept or not after or not {word.key for word in ground.new_words(after)} & ground.typed:
            yield Finding(0, sentence.text)
