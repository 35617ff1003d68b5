"""`proposals reject`: a person's no, which the proposer and the gate remember."""

from __future__ import annotations

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.options import as_json, dry_run
from hivemind_skillopt.cli.output import one_line, print_json, say, say_indented
from hivemind_skillopt.cli.proposals.find import SHOWN_ID_CHARS, find_proposal, proposal_id, reviewing
from hivemind_skillopt.review import refuse_decided


@click.command("reject", short_help="Say no, and why.")
@proposal_id
@click.option("--reason", required=True, help="Why, in a sentence; the proposer reads it (secrets are removed).")
@dry_run
@as_json
def command(proposal_id: str, reason: str, dry_run: bool, as_json: bool) -> None:
    """Reject the proposal, for everybody. The loop is told why, and the gate refuses the same edits from now on."""
    if not reason.strip():
        raise click.UsageError("say why: the proposer learns from it")
    context = Context()
    proposal = find_proposal(context, proposal_id)
    refuse_decided(proposal)
    if not dry_run:
        proposal = reviewing(context).reject(proposal, context.settings.user, reason)
        context.log.write("rejected", ref=str(proposal.ref), proposal=proposal.id)
    if as_json:
        facts = {"id": proposal.id, "ref": str(proposal.ref), "status": proposal.status}
        print_json({**facts, "status_reason": proposal.status_reason, "dry_run": dry_run})
        return
    done = "would be" if dry_run else "is"
    say(f"proposal {proposal.id[:SHOWN_ID_CHARS]} for {proposal.ref} {done} rejected")
    if not dry_run:
        say_indented(one_line(proposal.status_reason))
