"""`retire`: nobody pulls a skill any more."""

from __future__ import annotations

import click

from hivemind_skillopt.cli.lock import change_policy
from hivemind_skillopt.cli.options import RefType, as_json, dry_run
from hivemind_skillopt.cli.output import say
from hivemind_skillopt.model import Policy, SkillRef


@click.command("retire", short_help="Take a skill out of use, for everybody.")
@click.argument("ref", type=RefType())
@dry_run
@as_json
def command(ref: SkillRef, dry_run: bool, as_json: bool) -> None:
    """Retire REF (name--author) for everybody: each machine's next pull takes its link out.

    Every version stays in the store; copies that somebody edited are kept aside. Nothing can be published on it, by
    people or by the loop, until `revive`. `list --all` shows it.
    """
    change_policy(ref, Policy.RETIRED, as_json=as_json, dry_run=dry_run)
    if not (as_json or dry_run):
        say("each machine's next pull takes it out; yours: hivemind-skillopt pull")
