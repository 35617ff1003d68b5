"""Whether what follows is told NOT to be done. In doubt it is an order."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hivemind_skillopt.gate.markdown import sentences

_NEGATED = re.compile(
    r"\b(?:not|never|(?:do|does|ca|wo|must|should)n['\u2019]?t|cannot|avoid|refuse to|instead of|rather than"
    r"|forbid(?:den)?|prohibit(?:ed)?|stop|prevent|do nothing)[ \t*_`'\"]+(?P<between>(?:[\w'\u2019-]+[ \t*_`]+){0,3})$"
)
_TURNED = re.compile(
    r"\b(?:forget|fail|hesitate|neglect|omit|miss|skip|wait|refuse|only|without|unless|until|afraid|but)\b"
)

_GOES_ON = re.compile(r"[,;:()\u2013\u2014]|\s-+\s|(?i:\b(?:and|but|instead|rather|only|then|just|except|unless)\b)")


def is_negated(before: str) -> bool:
    """`before` is what stands before the order in its sentence.

    The negation stands in the same clause, at most three words away, and nothing between turns it round: 'never forget
    to' is an order, and so is what stands after 'to avoid clutter,'.
    """
    found = _NEGATED.search(before[-120:].lower())
    return found is not None and not _TURNED.search(found["between"])


def not_forbidden(pattern: re.Pattern[str], body: str) -> Iterator[re.Match[str]]:
    """Where it matches in the sentences of a body, but for what a sentence only says not to do."""
    for sentence in sentences(body):
        for found in pattern.finditer(sentence.text):
            if not _is_all_forbidden(sentence.text, found.start()):
                yield found


def _is_all_forbidden(sentence: str, start: int) -> bool:
    """Whether a sentence says not to do what begins there, and says nothing more: no word of what to do instead."""
    return is_negated(sentence[:start]) and not _GOES_ON.search(sentence, start)


def forbids_before(before: str) -> bool:
    """For what 'without' begins: a negation anywhere before it in its clause makes it a safeguard.

    The last of a list belongs to its beginning: 'do not log in, add keys, or start it without approval'.
    """
    parts = re.split(r"[.;:()\u2014]", before.lower())[-1].split(",")
    clause = ",".join(parts) if parts[-1].startswith(" or ") else parts[-1]
    return re.search(r"\b(?:never|not|don['\u2019]?t|no|cannot)\b", clause) is not None
