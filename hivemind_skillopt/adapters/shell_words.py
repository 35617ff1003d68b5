"""A shell command as the simple commands in it: just enough shell to see what is read.

Own code, because `shlex` takes quadratic time for a long word and knows no here-documents: a model may write a file of
a megabyte in one command, and lines of a file are no commands. Nothing is run or looked up here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
      (?P<blank>[ \t\r]++|\\\n|\#[^\n]*+)
    | (?P<here><<-?(?!<))
    | (?P<away>[0-9]{0,9}(?:>>|>\||>&|<>|<&|>)|&>>?|<<<)
    | (?P<in><)
    | (?P<end>[|&;()`\n])
    | (?P<word>(?:[^ \t\r\n|&;()`<>'"\\]++|'[^']*+'?|"[^"\\]*+(?:\\.[^"\\]*+)*+"?|\\.?)++)
    """,
    re.VERBOSE | re.DOTALL,
)
"""Every character belongs to one of them, and no choice is ever taken back: linear, whatever is written. A quote that
is never closed ends with the text."""

_PART = re.compile(r"""'([^']*+)'?|"([^"\\]*+(?:\\.[^"\\]*+)*+)"?|\\(.?)|([^'"\\]++)""", re.DOTALL)
_ESCAPED = re.compile(r'\\([$`"\\])|\\\n')
_HOME = re.compile(r"\$(?:HOME(?![A-Za-z0-9_])|\{HOME\})")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def simple_commands(text: str, home: str) -> Iterator[tuple[str, ...]]:
    """The words of each, quotes and redirections gone, `~` and `$HOME` replaced. What `<` reads is a word too."""
    words: list[str] = []
    before = ""
    for token in _tokens(text):
        if token.kind == "word" and before not in ("away", "here"):
            words.append(_unquoted(token.text, home))
        elif token.kind == "end" and words:
            yield tuple(words)
            words = []
        before = token.kind
    if words:
        yield tuple(words)


def _tokens(text: str) -> Iterator[_Token]:
    """Without blanks, and without the lines of here-documents."""
    position, before = 0, ""
    delimiters: list[str] = []
    while found := _TOKEN.match(text, position):
        kind, position = str(found.lastgroup), found.end()
        if kind == "blank":
            continue
        if before == "here" and kind == "word":
            delimiters.append(_unquoted(found[0], ""))
        if found[0] == "\n":
            position = _after_documents(text, position, delimiters)
            delimiters = []
        yield _Token(kind, found[0])
        before = kind


def _after_documents(text: str, position: int, delimiters: list[str]) -> int:
    """Behind the line that ends the last of them; one that nothing ends goes to the end."""
    for delimiter in delimiters:
        line = None
        while line != delimiter and position < len(text):
            end = text.find("\n", position) % (len(text) + 1)  # -1: the last line goes to the end
            line, position = text[position:end].lstrip("\t"), end + 1
    return position


def _unquoted(word: str, home: str) -> str:
    """What the shell makes of a word, as far as that can be known; other variables and globs stay as they stand."""
    parts = [_part(found, home) for found in _PART.finditer(word)]
    return home + "".join(parts)[1:] if word == "~" or word.startswith("~/") else "".join(parts)


def _part(found: re.Match[str], home: str) -> str:
    single, double, escaped, plain = found.groups()
    if single is not None:
        return str(single)
    if escaped is not None:
        return "" if escaped == "\n" else str(escaped)
    quoted = _ESCAPED.sub(lambda match: match[1] or "", double) if double is not None else str(plain)
    return _HOME.sub(lambda _: home, quoted)
