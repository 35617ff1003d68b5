"""`lock`: the loop leaves a skill alone, for the whole org."""

from __future__ import annotations

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.options import RefType, as_json, dry_run
from hivemind_skillopt.cli.output import print_json, say
from hivemind_skillopt.cli.show import find_version
from hivemind_skillopt.errors import StoreError
from hivemind_skillopt.model import Policy, SkillRef


@click.command("lock", short_help="The loop leaves a skill alone.")
@click.argument("ref", type=RefType())
@dry_run
@as_json
def command(ref: SkillRef, dry_run: bool, as_json: bool) -> None:
    """Set the policy of REF (name--author) to locked, for everybody.

    Its uses are still judged, but nothing is proposed and nothing is published until `unlock`. People can
    still push and roll back.
    """
    change_policy(ref, Policy.LOCKED, as_json=as_json, dry_run=dry_run)


def change_policy(ref: SkillRef, policy: Policy, *, as_json: bool, dry_run: bool) -> None:
    """Set it in the store and say what it was. Raises NotFound; StoreError for a retired skill."""
    context = Context()
    find_version(context, ref, None)
    if policy is not Policy.RETIRED:
        refuse_retired(context, ref)
    set_policy(context, ref, policy, as_json=as_json, dry_run=dry_run)


def refuse_retired(context: Context, ref: SkillRef) -> None:
    """Raises StoreError."""
    if context.store.policy(ref) is Policy.RETIRED:
        raise StoreError(f"{ref} is retired; revive it first: `hivemind-skillopt revive {ref}`")


def set_policy(context: Context, ref: SkillRef, policy: Policy, *, as_json: bool, dry_run: bool) -> None:
    """Whatever it was."""
    before = context.store.policy(ref)
    if not dry_run and policy is not before:
        context.store.set_policy(ref, policy, context.settings.user, context.clock())
        context.log.write("policy_set", ref=str(ref), policy=policy, before=before)
    if as_json:
        print_json({"ref": str(ref), "policy": policy, "before": before, "dry_run": dry_run})
        return
    would = "would be" if dry_run else "is"
    was = f"was {before}" if policy is not before else "as before"
    say(f"the policy of {ref} {would} {policy} ({was})")
