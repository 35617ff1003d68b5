"""Run the checks and take the worst result. Whatever goes wrong here, it is never a pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hivemind_skillopt.gate import hold, origin, refuse
from hivemind_skillopt.gate.candidate import Candidate, CheckFunction
from hivemind_skillopt.model import Check, Result

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


def run_checks(candidate: Candidate, checks: Iterable[CheckFunction] = BUILT_IN_CHECKS) -> tuple[Check, ...]:
    """The result of every check. One that raises, or answers no Check, becomes a hold with its name."""
    return tuple(_run(check, candidate) for check in checks)


def decision(checks: Sequence[Check]) -> Result:
    """The worst result. No check at all is a hold: nobody has looked."""
    return max((check.result for check in checks), key=_SEVERITY.index, default=Result.HOLD)


def _run(check: CheckFunction, candidate: Candidate) -> Check:
    name = getattr(check, "__name__", type(check).__name__)
    try:
        answer: object = check(candidate)
    except Exception as error:  # noqa: BLE001 - a third party's check may raise anything, and must then hold
        return Check(name, Result.HOLD, f"This could not be checked: {type(error).__name__}.")
    if isinstance(answer, Check) and answer.result in _SEVERITY:
        return answer
    return Check(name, Result.HOLD, "This could not be checked: the check gave no result.")
