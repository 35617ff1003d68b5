"""`proposals list`: one line each, newest first."""

from __future__ import annotations

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.options import RefType, as_json
from hivemind_skillopt.cli.origins import abridged
from hivemind_skillopt.cli.output import ago, iso, print_json, print_table, say
from hivemind_skillopt.cli.proposals.find import SHOWN_ID_CHARS
from hivemind_skillopt.cli.show import find_version
from hivemind_skillopt.model import Proposal, SkillRef
from hivemind_skillopt.review import WAITING


@click.command("list", short_help="What waits for a person.")
@click.argument("ref", type=RefType(), required=False, metavar="[NAME--AUTHOR]")
@click.option("-n", "count", default=20, type=click.IntRange(1, 500), help="How many (default 20).")
@click.option("--all", "every", is_flag=True, help="Also those that are published or rejected.")
@as_json
def command(ref: SkillRef | None, count: int, every: bool, as_json: bool) -> None:
    """List the proposals that nobody has decided: each can be accepted or rejected.

    \b
    held   waits for a person
    open   goes out by itself, when a cap or the cooldown ends
    stale  others published first, twice; it goes out only if a person accepts it

    Without NAME--AUTHOR those of all skills.
    """
    context = Context()
    if ref:
        find_version(context, ref, None)
    found = context.store.proposals(ref, count, () if every else WAITING)
    if as_json:
        print_json([facts(proposal) for proposal in found])
    elif not found:
        say("no proposals" if every else "no proposal waits; --all lists the decided ones")
    else:
        print_table(
            ("id", "skill", "status", "proposed", "root cause"), [_row(proposal, context.clock()) for proposal in found]
        )


def _row(proposal: Proposal, now: int) -> tuple[str, ...]:
    version = f" v{proposal.published_version}" if proposal.published_version else ""
    return (
        proposal.id[:SHOWN_ID_CHARS],
        str(proposal.ref),
        f"{proposal.status}{version}",
        ago(proposal.proposed_at, now),
        abridged(proposal.root_cause),
    )


def facts(proposal: Proposal) -> dict[str, object]:
    """For programs."""
    return {
        "id": proposal.id,
        "ref": str(proposal.ref),
        "status": proposal.status,
        "status_reason": proposal.status_reason,
        "parent_version": proposal.parent_version,
        "published_version": proposal.published_version,
        "proposed_by": proposal.proposed_by,
        "proposed_at": iso(proposal.proposed_at),
        "not_before": iso(proposal.not_before),
        "invocation_id": proposal.invocation_id,
        "verdict_id": proposal.verdict_id,
        "root_cause": proposal.root_cause,
        "edits": [{"op": edit.op, "target": edit.target, "content": edit.content} for edit in proposal.edits],
        "checks": [{"name": c.name, "result": c.result, "message": c.message} for c in proposal.checks],
    }
