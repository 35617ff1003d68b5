"""`proposals show`: everything a person needs to decide, in the order in which one reads it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.diff import folder_diff, print_diff
from hivemind_skillopt.cli.options import as_json
from hivemind_skillopt.cli.origins import Judged, evidence
from hivemind_skillopt.cli.output import iso, one_line, print_json, say, say_indented
from hivemind_skillopt.cli.proposals.find import SHOWN_ID_CHARS, find_proposal, proposal_id, reviewing
from hivemind_skillopt.cli.proposals.list_proposals import facts
from hivemind_skillopt.model import Check, Edit, Op, Proposal, ProposalStatus, Result
from hivemind_skillopt.review import WAITING, OnHead

STYLES = {ProposalStatus.PUBLISHED: "green", ProposalStatus.REJECTED: "red"}
RESULT_STYLES = {Result.HOLD: "yellow", Result.REFUSE: "red"}


@click.command("show", short_help="One proposal, to decide about it.")
@proposal_id
@as_json
def command(proposal_id: str, as_json: bool) -> None:
    """Show what the loop wants to change, because of which words of a user, and what to look at.

    The diff is against today's head: what `accept` would publish.
    """
    context = Context()
    proposal = find_proposal(context, proposal_id)
    judged = _judged(context, proposal)
    on_head = reviewing(context).on_head(proposal) if proposal.status in WAITING else None
    if as_json:
        print_json(_facts(proposal, judged, on_head))
        return
    _print_heading(proposal)
    _print_reasons(proposal, judged)
    _print_checks(proposal.checks, on_head.refusals if on_head else [])
    if on_head:
        _print_change(proposal, on_head)
    else:
        _print_edits(proposal)


def _judged(context: Context, proposal: Proposal) -> Judged | None:
    verdict = context.store.find_verdicts([proposal.verdict_id]).get(proposal.verdict_id)
    said = context.store.annotations([proposal.invocation_id])
    return Judged(verdict, said.get(proposal.invocation_id)) if verdict else None


def _print_heading(proposal: Proposal) -> None:
    version = f" as v{proposal.published_version}" if proposal.published_version else ""
    say(f"{proposal.ref}: {proposal.status}{version}", f"bold {STYLES.get(proposal.status, 'yellow')}")
    if proposal.status_reason:
        say_indented(one_line(proposal.status_reason))
    if proposal.status is ProposalStatus.OPEN:
        say_indented(f"goes out by itself {_when(proposal)}, unless somebody rejects it", "yellow")
    made = f"by {one_line(proposal.proposed_by)}'s worker, {iso(proposal.proposed_at)}"
    say_indented(f"proposal {proposal.id[:SHOWN_ID_CHARS]} on v{proposal.parent_version}, {made}", "dim")


def _when(proposal: Proposal) -> str:
    return f"after {iso(proposal.not_before)}" if proposal.not_before else "when its worker runs next"


def _print_reasons(proposal: Proposal, judged: Judged | None) -> None:
    say("\nWhy", "bold")
    expected = proposal.expected
    for paragraph in (
        *evidence(judged),
        f"root cause: {one_line(proposal.root_cause)}",
        f"holds in general: {one_line(proposal.generality)}",
        f"expected: {one_line(expected.signal)}, within {one_line(expected.horizon)}",
        f"if not: {one_line(expected.fallback)}",
    ):
        say_indented(paragraph)


def _print_checks(stored: Sequence[Check], refusals: Sequence[Check]) -> None:
    """What the gate found when it knew who said what, and what is wrong with it on today's head."""
    known = {check.name for check in stored if _found(check)}
    now = [check for check in refusals if check.name not in known]
    checks = [check for check in stored if check.name not in {one.name for one in now}] + now
    found = [check for check in checks if _found(check)]
    if checks:  # none are kept of a session that was forgotten
        say(f"\nThe gate: {len(found)} of {len(checks)} checks found something", "bold")
    for check in found:
        say(f"    {check.result} {check.name}", RESULT_STYLES.get(check.result))
        say_indented(one_line(check.message), indent=8)


def _found(check: Check) -> bool:
    return check.result is not Result.PASS


def _print_change(proposal: Proposal, on_head: OnHead) -> None:
    head, short = on_head.head.version, proposal.id[:SHOWN_ID_CHARS]
    say(f"\nThe change to v{head}, the head", "bold")
    text = folder_diff(on_head.before, on_head.after, f"v{head}", "proposed")
    print_diff(text) if text else say_indented("it no longer fits: see what the gate says")
    say("")
    if not on_head.refusals:
        say(f"hivemind-skillopt proposals accept {short}")
    say(f"hivemind-skillopt proposals reject {short} --reason '...'")


def _print_edits(proposal: Proposal) -> None:
    """Of one that is decided: what it wanted, whatever the head is today."""
    if proposal.edits:
        say("\nThe edits, as they were proposed", "bold")
    for edit in proposal.edits:
        print_diff("".join(f"{line}\n" for line in _edit_lines(edit)))


def _edit_lines(edit: Edit) -> Iterator[str]:
    yield f"@@ {edit.op} @@"
    sign = " " if edit.op is Op.INSERT_AFTER else "-"
    yield from (f"{sign}{line}" for line in (edit.target or "").splitlines())
    yield from (f"+{line}" for line in (edit.content or "").splitlines())


def _facts(proposal: Proposal, judged: Judged | None, on_head: OnHead | None) -> dict[str, object]:
    verdict = judged.verdict if judged else None
    return {
        **facts(proposal),
        "generality": proposal.generality,
        "expected": {
            "signal": proposal.expected.signal,
            "horizon": proposal.expected.horizon,
            "fallback": proposal.expected.fallback,
        },
        "outcome": judged.outcome if judged else None,
        "confidence": verdict.confidence if verdict else None,
        "reason": verdict.reason if verdict else None,
        "quote": verdict.quote if verdict else None,
        "head_version": on_head.head.version if on_head else None,
        "refusals": [check.message for check in on_head.refusals] if on_head else [],
        "diff": folder_diff(on_head.before, on_head.after, f"v{on_head.head.version}", "proposed") if on_head else "",
    }
