"""Where the words of an edit come from: who uses the skill must have said them, or the skill itself.

No pattern is looked for. What an attacker wrote into a page can be reworded, translated, encoded or spread over lines
without end; it does not become what the human typed. So an added sentence takes its content words from what the human
typed or from the skill, at least half of them from one turn of the human; and a sentence goes only if the human spoke
of it. What an edit keeps of the sentence that it replaces needs no ground.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hivemind_skillopt.gate.finding import Finding
from hivemind_skillopt.gate.markdown import Sentence
from hivemind_skillopt.gate.typed import Said
from hivemind_skillopt.gate.words import Word, content, keys

MOST_SLIPS = 2
"""Who writes a rule needs a word of their own now and then ('target', 'each'); an order from a page needs more."""


class Ground:
    """What a change may stand on."""

    def __init__(self, said: Said, parent: str, gone: Sequence[Sentence]) -> None:
        self.turns = [keys([turn]) for turn in said.typed]
        self.typed: set[str] = set().union(*self.turns)
        self.parent = keys([parent])
        self._gone = [{word.key for word in content(sentence.text)} for sentence in gone]

    def new_words(self, sentence: Sentence) -> list[Word]:
        """Its content words but for those of the gone sentence that it is most like."""
        found = content(sentence.text)
        own = {word.key for word in found}
        kept = max((own & gone for gone in self._gone), key=len, default=set())
        return [word for word in found if word.key not in kept]

    def is_said(self, found: Iterable[Word]) -> bool:
        """Half of the words or more were typed, in one turn."""
        wanted = {word.key for word in found}
        return not wanted or any(2 * len(wanted & turn) >= len(wanted) for turn in self.turns)

    def is_nearly_said(self, found: Iterable[Word]) -> bool:
        """All words but one of four were typed, in one turn."""
        wanted = {word.key for word in found}
        return len(wanted) >= 4 and any(4 * len(wanted & turn) >= 3 * len(wanted) for turn in self.turns)


def strangers(ground: Ground, new: Iterable[Sentence], read: set[str]) -> Iterator[Finding]:
    """Words that neither the human nor the skill uses. A sentence of the human's own may bring one; an edit, two."""
    known, slips = ground.typed | ground.parent, 0
    for sentence in new:
        found = ground.new_words(sentence)
        unknown = {word.key: word.text for word in found if word.key not in known}
        if len(unknown) == 1 and not unknown.keys() & read and slips < MOST_SLIPS and ground.is_nearly_said(found):
            slips += 1
        elif unknown:
            yield Finding(sentence.line, " ".join(unknown.values()))


def unsaid(ground: Ground, new: Iterable[Sentence]) -> Iterator[Finding]:
    """Sentences that the skill's own words could make, but that the human did not ask for."""
    return (Finding(s.line, s.text) for s in new if not ground.is_said(ground.new_words(s)))


def taken_away(ground: Ground, new: Sequence[Sentence], gone: Iterable[Sentence]) -> Iterator[Finding]:
    """Sentences that go without a word of the human's. Each new sentence may stand in the place of one of them."""
    kept = [{word.key for word in content(sentence.text)} for sentence in new]
    lost = []
    for sentence in gone:
        wanted = {word.key for word in content(sentence.text)}
        if not any(2 * len(wanted & words) >= len(wanted) for words in kept) and not wanted & ground.typed:
            lost.append(sentence)
    if len(lost) > len(new):
        yield from (Finding(0, sentence.text) for sentence in lost)
