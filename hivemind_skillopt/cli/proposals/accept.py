"""`proposals accept`: a person publishes what the gate held."""

from __future__ import annotations

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.options import as_json, dry_run
from hivemind_skillopt.cli.output import print_json, say
from hivemind_skillopt.cli.proposals.find import find_proposal, proposal_id, reviewing
from hivemind_skillopt.errors import ParentMoved
from hivemind_skillopt.model import Proposal


@click.command("accept", short_help="Publish a proposal to the team.")
@proposal_id
@dry_run
@as_json
def command(proposal_id: str, dry_run: bool, as_json: bool) -> None:
    """Publish the proposal as the next version of its skill, in your name. Read it first: `proposals show ID`.

    The gate looks at it again, on today's head: what it holds is yours to decide, what it refuses is not. Caps and
    cooldown are for the loop alone.
    """
    context = Context()
    proposal = find_proposal(context, proposal_id)
    version = _would_be(context, proposal) if dry_run else _publish(context, proposal)
    if as_json:
        print_json({"id": proposal.id, "ref": str(proposal.ref), "version": version, "dry_run": dry_run})
        return
    say(f"{'would publish' if dry_run else 'published'} {proposal.ref} v{version}")
    if not dry_run:
        say(f"To have it here now: hivemind-skillopt pull {proposal.ref}")


def _would_be(context: Context, proposal: Proposal) -> int:
    return reviewing(context).acceptable(proposal).head.version + 1


def _publish(context: Context, proposal: Proposal) -> int:
    """Raises ParentMoved in the words of a review."""
    try:
        made = reviewing(context).accept(proposal, context.settings.user, context.clock())
    except ParentMoved as error:
        raise ParentMoved(f"somebody published meanwhile ({error}); read it once more, then accept again") from None
    context.log.write("accepted", ref=str(made.ref), version=made.version, proposal=proposal.id)
    return made.version
