"""`revive`: a retired skill is in use again."""

from __future__ import annotations

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.lock import set_policy
from hivemind_skillopt.cli.options import RefType, as_json, dry_run
from hivemind_skillopt.cli.output import say
from hivemind_skillopt.cli.show import find_version
from hivemind_skillopt.errors import StoreError
from hivemind_skillopt.model import Policy, SkillRef


@click.command("revive", short_help="Bring a retired skill back, for everybody.")
@click.argument("ref", type=RefType())
@dry_run
@as_json
def command(ref: SkillRef, dry_run: bool, as_json: bool) -> None:
    """Undo `retire` of REF (name--author): the policy is what it was before, and pulls bring its head again."""
    context = Context()
    find_version(context, ref, None)
    policies = context.store.policies(ref)
    if not policies or policies[-1] is not Policy.RETIRED:
        raise StoreError(f"{ref} is not retired")
    before = next((policy for policy in reversed(policies) if policy is not Policy.RETIRED), Policy.AUTO)
    set_policy(context, ref, before, as_json=as_json, dry_run=dry_run)
    if not (as_json or dry_run):
        say("each machine's next pull brings it again; yours: hivemind-skillopt pull")
