"""Run the checks and take the worst result. Whatever goes wrong here, it is never a pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from hivemind_skillopt.errors import SkillInvalid
from hivemind_skillopt.gate import hold, origin, refuse
from hivemind_skillopt.gate.candidate import Candidate, CheckFunction
from hivemind_skillopt.model import Check, Result
from hivemind_skillopt.redaction import has_secret

BUILT_IN_CHECKS: tuple[CheckFunction, ...] = (
    refuse.parent_is_head,
    refuse.front_matter_unchanged,
    refuse.body_changed,
    refuse.body_not_empty,
    refuse.edit_count,
    refuse.size,
    refuse.body_words,
    refuse.loadable,
    refuse.protected_region,
    refuse.remembered,
    refuse.inverse,
    refuse.frozen,
    refuse.own_trigger_skill,
    refuse.secret,
    hold.new_host,
    hold.path_outside,
    hold.script,
    hold.shell_command,
    hold.package_install,
    hold.credential,
    hold.permission,
    hold.safeguard,
    hold.data_leaving,
    hold.destruction,
    hold.commitment,
    hold.recording,
    hold.hidden_text,
    hold.encoded_blob,
    hold.language,
    origin.provenance,
    hold.confidence,
)

_SEVERITY = (Result.PASS, Result.HOLD, Result.REFUSE)

NOT_SHOWN = "Not shown here, because the change holds what looks like a secret."


def run_checks(candidate: Candidate, checks: Iterable[CheckFunction] = BUILT_IN_CHECKS) -> tuple[Check, ...]:
    """The result of every check. One that raises, or answers no Check, becomes a hold with its name.

    Messages quote words and halves of lines, in which a secret is no longer known as one, and they are stored: where
    the change holds one, only `secret`, which redacts first, says what it found.
    """
    found = tuple(_run(check, candidate) for check in checks)
    if decision(found) is Result.PASS or not _touches_secret(candidate, found):
        return found
    return tuple(check if check.name == "secret" else replace(check, message=NOT_SHOWN) for check in found)


def decision(checks: Sequence[Check]) -> Result:
    """The worst result. No check at all is a hold: nobody has looked."""
    return max((check.result for check in checks), key=_SEVERITY.index, default=Result.HOLD)


def _touches_secret(candidate: Candidate, found: Sequence[Check]) -> bool:
    """Also in what goes, and in edits that do not fit. What cannot be read is not quoted either."""
    if any(check.name == "secret" and check.result is not Result.PASS for check in found):
        return True
    edited = [text for edit in candidate.edits or () for text in (edit.target, edit.content) if text]
    try:
        gone = "".join(line.text for line in candidate.diff.removed)
    except SkillInvalid:
        gone = ""
    return any(map(has_secret, (gone, *edited)))


def _run(check: CheckFunction, candidate: Candidate) -> Check:
    name = getattr(check, "__name__", type(check).__name__)
    try:
        answer: object = check(candidate)
    except Exception as error:  # noqa: BLE001 - a third party's check may raise anything, and must then hold
        return Check(name, Result.HOLD, f"This could not be checked: {type(error).__name__}.")
    if isinstance(answer, Check) and answer.result in _SEVERITY:
        return answer
    return Check(name, Result.HOLD, "This could not be checked: the check gave no result.")
