"""Words as the gate compares them: folded, stemmed lightly, with nothing that a writer could hide a word in."""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from threading import Lock

import snowballstemmer

from hivemind_skillopt.gate.function_words import ENGLISH, INSTRUCTION, LANGUAGES

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
"""Thai, Lao, Burmese, Khmer, kana and Han: no spaces between words, so each letter is taken with the one after it."""

_TOKEN = re.compile(
    rf"(?P<unspaced>[{_UNSPACED}]+)|(?P<word>(?:(?![{_UNSPACED}_])\w)+)|(?P<sign>[^\s\w\u0021-\u007e\u00a0-\u00bf"
    r"\u2010-\u2027\u2030-\u205e\u2190-\u21ff\u2713-\u2718\u3001-\u3003\u3008-\u3020\uff01-\uff5e])"
)
"""`sign`: what is neither a letter nor ordinary punctuation can spell a message too (emoji, Braille, boxed letters)."""

_STEM_LETTERS = 6
"""Words with letters outside of ASCII are compared by so many first letters: a stem in most languages."""

_APOSTROPHES = str.maketrans("", "", "'\u2019\u02bc")
_stemmer = snowballstemmer.stemmer("english")
_stemming = Lock()
"""The stemmer keeps the word it works on: two threads at once get wrong stems, which would then stay in the cache."""


@dataclass(frozen=True, slots=True)
class Word:
    """`key` is what is compared, `text` what is shown."""

    key: str
    text: str


def words(text: str) -> list[Word]:
    """Every word, number and sign of a text. Of scripts without spaces, every pair of neighbouring letters."""
    return [word for match in _TOKEN.finditer(folded(text)) for word in _of_match(match)]


def folded(text: str) -> str:
    """Compatibility form in lower case, without format characters, accents and apostrophes."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
        text = "".join(char for char in text if unicodedata.category(char) not in {"Cf", "Mn", "Me"})
        text = unicodedata.normalize("NFC", text)
    return text.casefold().translate(_APOSTROPHES)


def keys(texts: Iterable[str]) -> set[str]:
    """What can be compared with other texts' words."""
    return {word.key for text in texts for word in words(text)}


def content(text: str) -> list[Word]:
    """The words that say something: without those that any sentence needs."""
    return [word for word in words(text) if word.key not in FREE]


def content_keys(text: str) -> set[str]:
    """These, as they are compared."""
    return {word.key for word in content(text)}


def _of_match(match: re.Match[str]) -> Iterator[Word]:
    text = match.group()
    if match["unspaced"]:
        pairs = ["".join(pair) for pair in itertools.pairwise(text)]
        yield from (Word(pair, pair) for pair in pairs or [text])
    else:
        yield Word(_stem(text), text)


@functools.lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    if len(word) > 40:
        return word
    if not word.isascii():
        return word[:_STEM_LETTERS]
    with _stemming:
        return str(_stemmer.stemWord(word))


FREE = frozenset(_stem(folded(word)) for word in ENGLISH | INSTRUCTION)
FREE_BY_LANGUAGE = {name: frozenset(_stem(folded(word)) for word in found) for name, found in LANGUAGES.items()}
