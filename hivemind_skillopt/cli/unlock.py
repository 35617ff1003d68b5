"""`unlock`: the loop may change a skill again."""

from __future__ import annotations

import click

from hivemind_skillopt.cli.lock import change_policy
from hivemind_skillopt.cli.options import RefType, as_json, dry_run
from hivemind_skillopt.model import Policy, SkillRef


@click.command("unlock", short_help="The loop may change a skill again.")
@click.argument("ref", type=RefType())
@click.option("--review", is_flag=True, help="Every change waits for a person.")
@dry_run
@as_json
def command(ref: SkillRef, review: bool, dry_run: bool, as_json: bool) -> None:
    """Set the policy of REF (name--author) to auto, or with --review to review, for everybody."""
    change_policy(ref, Policy.REVIEW if review else Policy.AUTO, as_json=as_json, dry_run=dry_run)
