"""The checks that hold a change for a person: each looks for a capability that the parent does not have."""

from __future__ import annotations

from collections.abc import Callable

from hivemind_skillopt.gate import capabilities, phrases
from hivemind_skillopt.gate.candidate import Candidate, judged, shown
from hivemind_skillopt.gate.commands import commands
from hivemind_skillopt.gate.hidden import blobs, comments, hidden_characters, mixed_words
from hivemind_skillopt.gate.provenance import foreign_words
from hivemind_skillopt.model import Check, Result


def new_host(candidate: Candidate) -> Check:
    """A URL, host, address or mail address."""
    return _new(candidate, "new_host", capabilities.hosts, "names a URL or host")


def path_outside(candidate: Candidate) -> Check:
    """A path that leaves the skill's folder."""
    return _new(candidate, "path_outside", capabilities.outside_paths, "names a path outside the skill")


def script(candidate: Candidate) -> Check:
    """A script or executable, named or not."""
    named = _new(candidate, "script", capabilities.scripts, "names a script or executable")
    return (
        named
        if named.result is not Result.PASS
        else _said(candidate, "script", capabilities.told_to_run, "runs a script")
    )


def shell_command(candidate: Candidate) -> Check:
    """A command, or code that starts one or talks to the network."""
    command = _new(candidate, "shell_command", commands, "has a shell command")
    if command.result is not Result.PASS:
        return command
    return _new(candidate, "shell_command", capabilities.code_calls, "has code that reaches the system or the network")


def package_install(candidate: Candidate) -> Check:
    """Software that is fetched."""
    return _new(candidate, "package_install", capabilities.packages, "installs or fetches a package")


def credential(candidate: Candidate) -> Check:
    """A kind of credential that the skill had nothing to do with, or a new thing to do with one."""
    named = _new(candidate, "credential", _credential_terms, "speaks of credentials")
    if named.result is not Result.PASS:
        return named
    return _said(candidate, "credential", phrases.matches("credential"), "does something with credentials")


def permission(candidate: Candidate) -> Check:
    """Language that gives permission, takes approval away or weakens a safeguard."""
    return _said(candidate, "permission", phrases.matches("permission"), "gives permission or weakens a safeguard")


def data_leaving(candidate: Candidate) -> Check:
    """An order to give data away or to make it public."""
    return _said(candidate, "data_leaving", phrases.matches("data_leaving"), "may let data leave the machine")


def destruction(candidate: Candidate) -> Check:
    """An order to delete or overwrite data."""
    return _said(candidate, "destruction", phrases.matches("destruction"), "may destroy data")


def hidden_text(candidate: Candidate) -> Check:
    """Characters, comments and look-alike letters that a person does not see."""
    before, after = candidate.before_md.body, candidate.after_md.body
    characters = sorted(hidden_characters(after) - hidden_characters(before))
    others = sorted((mixed_words(after) - mixed_words(before)) | (comments(after) - comments(before)))
    problem = f"The change adds characters that cannot be seen: {', '.join(characters[:5])}." if characters else ""
    if others and not problem:
        problem = f"The change adds text that a reader may not notice: {shown(others[0])}."
    return judged("hidden_text", Result.HOLD, problem, "Nothing hidden is added.")


def encoded_blob(candidate: Candidate) -> Check:
    """Bytes that nobody can read."""
    new = sorted(blobs(candidate.after_md.body) - blobs(candidate.before_md.body))
    problem = f"The change adds encoded data: {shown(new[0])}." if new else ""
    return judged("encoded_blob", Result.HOLD, problem, "No encoded data is added.")


def provenance(candidate: Candidate) -> Check:
    """Added words that come from tool output or pasted text only."""
    if candidate.evidence is None:
        return Check("provenance", Result.PASS, "No evidence was given to compare with.")
    words = foreign_words(candidate.before_md.body, candidate.after_md.body, candidate.evidence)
    problem = (
        f"Added words come from tool output or pasted text and were typed by nobody: {shown(words)}." if words else ""
    )
    return judged("provenance", Result.HOLD, problem, "No added words come from tool output or pasted text only.")


def confidence(candidate: Candidate) -> Check:
    """A judge who is not sure."""
    value, floor = candidate.confidence, candidate.confidence_floor
    unsure = value is not None and not value >= floor
    problem = f"The verdict's confidence is {value:.2f}, under the floor of {floor:.2f}." if unsure else ""
    return judged("confidence", Result.HOLD, problem, "The verdict's confidence is not under the floor.")


def _credential_terms(body: str) -> capabilities.Found:
    return {found.group().casefold().rstrip("s"): found.group() for found in phrases.CREDENTIAL_TERMS.finditer(body)}


def _new(candidate: Candidate, name: str, find: Callable[[str], capabilities.Found], what: str) -> Check:
    """Hold where the body has what the parent's had not."""
    before, after = find(candidate.before_md.body), find(candidate.after_md.body)
    new = next((text for key, text in after.items() if key not in before), "")
    problem = f"{_place(candidate, new)} {what} that the parent does not have: {shown(new)}." if new else ""
    return judged(name, Result.HOLD, problem, f"Nothing new that {what}.")


def _said(candidate: Candidate, name: str, find: phrases.Matches, what: str) -> Check:
    """Hold where a new sentence says what no removed sentence said."""
    sentence = phrases.new_phrase(find, candidate.new_sentences, candidate.gone_sentences)
    problem = f"Line {sentence.line} of the body {what}: {shown(sentence.text)}." if sentence else ""
    return judged(name, Result.HOLD, problem, f"No new sentence that {what}.")


def _place(candidate: Candidate, text: str) -> str:
    """The added line in which it stands, as far as one line holds it."""
    line = next((line for line in candidate.diff.added if text in line.text), None)
    return f"Line {line.number}" if line else "The change"
