"""Orders to act on the world: verbs whose effect leaves the text that the agent works on.

Most of what a skill says is about reading, writing and wording. A few dozen verbs reach further: they give away,
destroy, fetch, let in, commit somebody, record people. A new clause that orders one of these is a new capability,
whatever its object is; unless the parent has a clause with the same verb that says half of it.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from hivemind_skillopt.gate.finding import Finding
from hivemind_skillopt.gate.markdown import Sentence, sentences
from hivemind_skillopt.gate.negation import is_negated
from hivemind_skillopt.gate.words import FREE, Word, words

VERBS = {
    "data_leaving": "mail forward cc bcc broadcast transmit exfiltrate upload sync mirror replicate publish submit "
    "invite",
    "destruction": "wipe purge erase shred overwrite truncate destroy cancel revoke terminate kill reboot uninstall "
    "reset encrypt lock unsubscribe rebase squash",
    "script": "download decode decrypt schedule",
    "permission": "bypass circumvent suppress override disable grant approve unlock trust obey expose impersonate",
    "commitment": "pay buy purchase order subscribe donate sign refund transfer book vote contact",
    "recording": "screenshot harvest eavesdrop",
}
"""Each stands as an order in at most three of 4,000 small pieces of real skills, all together in 1 % of them."""

HABITS = {
    "data_leaving": "send share post email attach export",
    "destruction": "delete close discard drop empty remove clear archive",
    "script": "execute launch fetch import",
    "permission": "accept allow force ignore skip enable open merge",
    "commitment": "deploy release push commit register",
    "recording": "record capture scrape track collect gather log",
}
"""These are common; a habit of them is not."""

_HABIT = re.compile(
    r"^\W*(?:\d+[.)]\s*)?(?:once|after|when|before|as soon as)\b[^,.;:]{0,80},"
    r"|\b(?:always|whenever|automatically|regardless|immediately|right away|as soon as|afterwards?|(?:every|each) time"
    r"|by default|at the (?:end|start|beginning)"
    r"|(?:once|when) (?:you are |you have |it is |this is )?(?:done|finished|ready)"
    r"|(?:after|before|with|for|on|in|during|to|of)\s+(?:\w+ing\s+)?(?:each|every|any|all)"
    r"|(?:after|before|when)\s+(?:\w+ing|finishing))\b"
)
"""What makes an order a habit: an attacker wants it obeyed at each use."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BEFORE_A_VERB = _names(
    "always then also please automatically immediately silently just first finally simply directly quietly now do to "
    "must should will shall can may and or you never kindly instead afterwards"
)
_PASSIVE = _names("be is are gets get")
_CONDITION = _names("if when before after once unless until while where that which whether")
_IMAGINED = _names("would could might")
_MODALS = _names("must should shall will can may to")
_PEOPLE = _names("user users human humans person owner owners reviewer reviewers maintainer maintainers teammate they")
_ASSENTING = frozenset(word.key for word in words("approve accept merge"))
_ASSENT = _names(
    "approval review consent permission confirmation agrees agreed approves approved confirms confirmed accepts "
    "accepted asks asked reads read says said saw seen reviews reviewed wants"
)
_ONLY_IF = _names("after when once if with")
_AFTER_A_VERB = _names("the a an all any every each it them your its their this these that those my his her our")

_COMPOUND = re.compile(r"(?i)\b(?:always|never)-\w+")
"""'always-skip rules' are no order to skip."""

_KINDS = [(kind, verb) for table in (VERBS, HABITS) for kind, verbs in table.items() for verb in verbs.split()]
_STEMS = {word.key: kind for kind, verb in _KINDS for word in words(verb)}
_COMMON = frozenset(word.key for verbs in HABITS.values() for verb in verbs.split() for word in words(verb))
_BASES = frozenset(verb for _, verb in _KINDS)
_CLAUSE = re.compile(
    r"[,:()\u2014\u2013]\s*|\s-+\s|\bthen\b"
    rf"|(?<=[a-z0-9\])`*_])\s+(?=(?:{'|'.join(sorted(verb.capitalize() for verb in _BASES))})\b)"
)
"""Also before a verb in upper case behind a word in lower case: there a sentence begins, full stop or not."""


def orders(kind: str, new: Iterable[Sentence], parent: str) -> Iterator[Finding]:
    """New clauses that order something of this kind."""
    known: dict[str, list[set[str]]] | None = None
    for sentence, verb, clause in _found(kind, new):
        known = _known(kind, parent) if known is None else known
        if not _is_known(clause, known.get(verb, ())):
            yield Finding(sentence.line, sentence.text)


def _found(kind: str, new: Iterable[Sentence]) -> Iterator[tuple[Sentence, str, tuple[Word, ...]]]:
    """Each ordering clause with its verb; a common verb only where the sentence makes a habit of it."""
    for sentence in new:
        is_habit = bool(_HABIT.search(sentence.text.lower()))
        for clause in _clauses(sentence.text):
            for verb in _ordered(clause):
                if _STEMS[verb] == kind and (is_habit or verb not in _COMMON):
                    yield sentence, verb, clause


def forbidden_orders(text: str) -> bool:
    """Whether a sentence says not to do one of these, or of the common ones."""
    return any(
        clause[at].key in _STEMS and is_negated("".join(f"{word.text} " for word in clause[:at]))
        for clause in _clauses(text)
        for at in range(len(clause))
    )


@functools.lru_cache(maxsize=4_000)
def _clauses(text: str) -> tuple[tuple[Word, ...], ...]:
    """Those with one of the verbs in them. Every kind asks for the same sentences."""
    clauses = (tuple(words(_COMPOUND.sub(" ", clause))) for clause in _CLAUSE.split(text))
    return tuple(clause for clause in clauses if any(word.key in _STEMS for word in clause))


def _ordered(clause: Sequence[Word]) -> Iterator[str]:
    """Stems of the verbs that stand where an order stands."""
    for at, word in enumerate(clause):
        if word.key in _STEMS and _is_order(clause, at) and not is_negated("".join(f"{w.text} " for w in clause[:at])):
            yield word.key


def _is_order(clause: Sequence[Word], at: int) -> bool:
    before, word = [word.text for word in clause[:at]], clause[at]
    after = [word.text for word in clause[at + 1 :]]
    if after[:1] == ["of"] or _is_left_to_people(before, word, after):
        return False
    if word.text in _BASES:
        return not before or before[-1] in _BEFORE_A_VERB or bool(_AFTER_A_VERB & set(after[:1]))
    if word.text.endswith("ed"):
        return _is_passive(before)
    return word.text.endswith("ing") and before[-1:] == ["by"]


def _is_left_to_people(before: Sequence[str], verb: Word, after: Sequence[str]) -> bool:
    """That people approve is a safeguard. That they pay or disable is none: a skill must not talk them into it."""
    is_condition = before[-1:] == ["you"] and bool(_CONDITION & set(before[-2:-1]))
    is_theirs = verb.key in _ASSENTING and _is_done_by_people(before, after)
    return is_condition or is_theirs or _waits_for_assent(after) or bool(_IMAGINED & set(before[-1:]))


def _is_done_by_people(before: Sequence[str], after: Sequence[str]) -> bool:
    """'a reviewer must approve', 'must be approved by a reviewer'."""
    is_subject = bool(_MODALS & set(before[-1:])) and bool(_PEOPLE & set(before[-2:-1]))
    return is_subject or (after[:1] == ["by"] and bool(_PEOPLE & set(after[1:4])))


def _waits_for_assent(after: Sequence[str]) -> bool:
    """'publish it only after the user has read it'."""
    at = after.index("only") if "only" in after else len(after)
    return bool(_ONLY_IF & set(after[at + 1 : at + 2])) and bool(_ASSENT & set(after[at:]))


def _is_passive(before: Sequence[str]) -> bool:
    """'must be sent', 'are then sent', 'is checked and sent'; what stands behind 'before' or 'if' is a condition."""
    if not before or (before[-1] not in _PASSIVE and before[-1] not in _BEFORE_A_VERB):
        return False
    at = next((n for n in reversed(range(len(before))) if before[n] in _PASSIVE), None)
    return at is not None and (before[at] == "be" or not _CONDITION & set(before[:at]))


def _known(kind: str, parent: str) -> dict[str, list[set[str]]]:
    """The parent's clauses by the verbs in them, in any form."""
    known = defaultdict(list)
    for sentence in sentences(parent):
        for clause in _clauses(sentence.text):
            found = {word.key for word in clause} - FREE
            for verb in found & _STEMS.keys():
                if _STEMS[verb] == kind:
                    known[verb].append(found)
    return known


def _is_known(clause: Sequence[Word], known: Iterable[set[str]]) -> bool:
    own = {word.key for word in clause} - FREE
    return any(2 * len(own & found) >= len(own) for found in known)
