"""`unpin`: pulls move a skill again."""

from __future__ import annotations

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.options import RefType, as_json, dry_run
from hivemind_skillopt.cli.output import print_json, say
from hivemind_skillopt.errors import NotFound
from hivemind_skillopt.model import SkillRef
from hivemind_skillopt.pull import pull_alone


@click.command("unpin", short_help="Let pulls move a skill again.")
@click.argument("ref", type=RefType())
@dry_run
@as_json
def command(ref: SkillRef, dry_run: bool, as_json: bool) -> None:
    """Take the pin off REF (name--author): the next pull brings its head, by hand or at a session start."""
    context = Context()
    version = context.pins.all().get(ref)
    if version is None:
        raise NotFound(f"{ref} is not pinned on this machine; see `hivemind-skillopt list`")
    if not dry_run:
        with pull_alone(context.settings.paths.pull_lock):
            context.pins.remove(ref)
        context.log.write("unpinned", ref=str(ref), version=version)
    if as_json:
        print_json({"ref": str(ref), "version": version, "dry_run": dry_run})
    else:
        say(
            f"{ref} {'would no longer be' if dry_run else 'is no longer'} pinned to v{version}; "
            "the next pull brings its head"
        )
