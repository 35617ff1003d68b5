"""The checks that hold a change for a person: each looks for a capability that the parent does not have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from hivemind_skillopt.gate import capabilities, phrases
from hivemind_skillopt.gate.candidate import Candidate, judged
from hivemind_skillopt.gate.commands import commands
from hivemind_skillopt.gate.finding import Finding, told
from hivemind_skillopt.gate.hidden import blobs, comments, hidden_characters, mixed_words
from hivemind_skillopt.gate.language import new_language, new_script
from hivemind_skillopt.gate.negation import not_forbidden
from hivemind_skillopt.gate.orders import orders
from hivemind_skillopt.gate.phrase_patterns import CREDENTIAL_TERMS
from hivemind_skillopt.gate.safeguards import weakened
from hivemind_skillopt.model import Check, Result


def new_host(candidate: Candidate) -> Check:
    """A URL, host, address or mail address."""
    what = "a URL, host or address that the parent does not have"
    look = "Look who owns it and what would go there or come from there."
    return told("new_host", what, look, _new(candidate, capabilities.hosts))


def path_outside(candidate: Candidate) -> Check:
    """A path that leaves the skill's folder."""
    what, look = "a path outside the skill", "Look what lies there and what would be done to it."
    return told("path_outside", what, look, _new(candidate, capabilities.outside_paths))


def script(candidate: Candidate) -> Check:
    """A script or executable, named or not; code that is fetched, decoded or started later."""
    what, look = "a script or program to run", "Look what it does and where it comes from."
    unnamed = _said(candidate, capabilities.told_to_run)
    return told(
        "script", what, look, chain(_new(candidate, capabilities.scripts), unnamed, _effects(candidate, "script"))
    )


def shell_command(candidate: Candidate) -> Check:
    """A command, or code that starts one or talks to the network."""
    what, look = "a command or call that the parent does not have", "Look what it changes, and with which arguments."
    found = chain(_new(candidate, commands), _new(candidate, capabilities.code_calls))
    return told("shell_command", what, look, found)


def package_install(candidate: Candidate) -> Check:
    """Software that is fetched."""
    what, look = "a package to install or fetch", "Look whether the name is right and who publishes it."
    return told("package_install", what, look, _new(candidate, capabilities.packages))


def credential(candidate: Candidate) -> Check:
    """A kind of credential that the skill had nothing to do with, or a new thing to do with one."""
    what, look = "something about credentials", "Look where they would be read, shown or kept."
    found = chain(_new(candidate, _credential_terms), _effects(candidate, "credential"))
    return told("credential", what, look, found)


def permission(candidate: Candidate) -> Check:
    """Language that gives permission, takes approval away, or lets what is read give orders."""
    what = "a permission, or a question that is no longer asked"
    look = "Look what the agent could now do that it had to ask for."
    return told("permission", what, look, _effects(candidate, "permission"))


def safeguard(candidate: Candidate) -> Check:
    """A prohibition, question or check of the parent that goes."""
    what, look = "takes away a safeguard", "Look what it kept the agent from doing."
    return told(
        "safeguard", what, look, weakened(candidate.after_md.body, candidate.gone_sentences, candidate.new_sentences)
    )


def data_leaving(candidate: Candidate) -> Check:
    """An order to give data away, to make it public or to write it where others see it."""
    what, look = "an order to give data away", "Look which data, and who would have it."
    return told("data_leaving", what, look, _effects(candidate, "data_leaving"))


def destruction(candidate: Candidate) -> Check:
    """An order to delete, overwrite or close what cannot be had back."""
    what, look = "an order to delete or undo", "Look what would be lost, and whether it can be had back."
    return told("destruction", what, look, _effects(candidate, "destruction"))


def commitment(candidate: Candidate) -> Check:
    """An order that binds somebody: to pay, to sign, to release."""
    what, look = "an order that binds somebody or goes live", "Look in whose name it is done, and who pays."
    return told("commitment", what, look, _effects(candidate, "commitment"))


def recording(candidate: Candidate) -> Check:
    """An order to record persons or their screens."""
    what, look = "an order to record or collect", "Look whom it would watch."
    return told("recording", what, look, _effects(candidate, "recording"))


def hidden_text(candidate: Candidate) -> Check:
    """Characters, comments and look-alike letters that a person does not see."""
    before, after = candidate.before_md.body, candidate.after_md.body
    characters = sorted(hidden_characters(after) - hidden_characters(before))
    others = sorted((mixed_words(after) - mixed_words(before)) | (comments(after) - comments(before)))
    found = (candidate.place(text) for text in [*characters, *others])
    return told("hidden_text", "text that a reader may not see", "Look at its characters one by one.", found)


def encoded_blob(candidate: Candidate) -> Check:
    """Bytes that nobody can read."""
    new = sorted(blobs(candidate.after_md.body) - blobs(candidate.before_md.body))
    look = "Decode it before you let it in."
    return told("encoded_blob", "encoded data", look, map(candidate.place, new))


def language(candidate: Candidate) -> Check:
    """Prose in a script or language that the skill is not written in: the checks above read English."""
    new, parent = candidate.new_sentences, candidate.before_md.body
    what, look = (
        "text in another script or language than the skill's",
        "Have it read by somebody who knows the language.",
    )
    return told("language", what, look, chain(new_script(new, parent), new_language(new, parent)))


def confidence(candidate: Candidate) -> Check:
    """A judge who is not sure."""
    value, floor = candidate.confidence, candidate.confidence_floor
    unsure = value is not None and not value >= floor
    problem = (
        f"The verdict's confidence is {value:.2f}, under the floor of {floor:.2f}. Look whether the skill was at fault."
        if unsure
        else ""
    )
    return judged("confidence", Result.HOLD, problem, "The verdict's confidence is not under the floor.")


def _credential_terms(body: str) -> capabilities.Found:
    return {found.group().casefold().rstrip("s"): found.group() for found in not_forbidden(CREDENTIAL_TERMS, body)}


def _new(candidate: Candidate, find: Callable[[str], capabilities.Found]) -> list[Finding]:
    """What the body has and the parent's had not."""
    after = find(candidate.after_md.body)
    before = find(candidate.before_md.body) if after else {}
    return [candidate.place(text) for key, text in after.items() if key not in before]


def _said(candidate: Candidate, find: phrases.Matches) -> Iterator[Finding]:
    """New sentences that say what no removed sentence said."""
    found = phrases.new_phrases(find, candidate.new_sentences, candidate.gone_sentences)
    return (Finding(sentence.line, sentence.text) for sentence in found)


def _effects(candidate: Candidate, kind: str) -> Iterable[Finding]:
    """New sentences with an effect of that kind, by what they say together or by the verb alone."""
    ordered = orders(kind, candidate.new_sentences, candidate.before_md.body)
    return chain(_said(candidate, phrases.matches(kind)), ordered)
