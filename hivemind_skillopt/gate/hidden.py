"""Text that a person does not see and a model reads, or cannot read at all: invisible characters, blobs."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from hivemind_skillopt.redaction import looks_random

_BLANKS = frozenset("\u115f\u1160\u2028\u2029\u2800\u3164\uffa0\u0085\x0b\x0c")
_TEXT_CONTROLS = frozenset("\t\n\r")
_ZERO_WIDTH_JOINER = "\u200d"
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_BLOB = re.compile(
    r"(?<![\w+/=-])[\w+/=-]{40,}|(?:\\x[0-9a-fA-F]{2}){8,}|(?:%[0-9a-fA-F]{2}){8,}|(?:\\u[0-9a-fA-F]{4}){6,}", re.ASCII
)
_LONG_HEX = 128
"""Longer than any digest in use (SHA-512)."""


def hidden_characters(text: str) -> Counter[str]:
    """Control, format, private and unassigned characters, blanks that look like nothing, marks without their letter."""
    text = unicodedata.normalize("NFC", text)
    return Counter(f"U+{ord(char):04X}" for index, char in enumerate(text) if _is_hidden(text, index, char))


def mixed_words(text: str) -> set[str]:
    """Words in which letters of two scripts look alike."""
    foreign = (word for word in re.findall(r"[^\W\d_]{2,}", text) if not word.isascii())
    return {
        word for word in foreign if len({script for char in word for script in _SCRIPTS if script in _name(char)}) > 1
    }


def comments(text: str) -> set[str]:
    """HTML comments: a rendered page does not show them."""
    return {" ".join(found.group().split()) for found in _COMMENT.finditer(text)}


def blobs(text: str) -> set[str]:
    """Runs that look like encoded bytes."""
    return {found.group() for found in _BLOB.finditer(text) if _is_blob(found.group())}


def _is_hidden(text: str, index: int, char: str) -> bool:
    if char < "\x7f" and (char >= " " or char in _TEXT_CONTROLS):
        return False
    if char == _ZERO_WIDTH_JOINER:
        return not (index and unicodedata.category(text[index - 1]) in {"So", "Sk", "Mn"})  # emoji are joined by it
    if _name(char).startswith("COMBINING"):  # no letter has it: NFC would have joined the two
        return char != "\u20e3"  # a key's frame, of emoji
    selector = "\ufe00" <= char <= "\ufe0e" or "\U000e0100" <= char <= "\U000e01ef"
    return char in _BLANKS or selector or unicodedata.category(char) in {"Cc", "Cf", "Co", "Cn", "Cs"}


def _is_blob(run: str) -> bool:
    if run[0] in "\\%":
        return True
    if re.fullmatch(r"[0-9a-fA-F]+", run):
        return len(run) > _LONG_HEX
    return looks_random(run)


def _name(char: str) -> str:
    return unicodedata.name(char, "")
