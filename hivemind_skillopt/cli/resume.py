"""`resume`: the end of `pause`, and of a file `disabled` that somebody made by hand."""

from __future__ import annotations

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.options import as_json, dry_run
from hivemind_skillopt.cli.output import print_json, say


@click.command("resume", short_help="End a pause.")
@dry_run
@as_json
def command(dry_run: bool, as_json: bool) -> None:
    """End a pause at once."""
    context = Context()
    context.fall_back()  # a setting that cannot be used must not keep anybody from this
    paused = context.settings.paused_until > context.clock()
    if not dry_run:
        context.settings.paths.disabled.unlink(missing_ok=True)
    if paused and not dry_run:
        context.log.write("resumed")
    if as_json:
        print_json({"was_paused": paused, "disabled": context.settings.disabled, "dry_run": dry_run})
        return
    say("nothing was paused" if not paused else "would resume" if dry_run else "resumed: the next prompt counts again")
    if context.settings.disabled:
        say("still off: HIVEMIND_SKILLOPT_DISABLED is set, in the environment or in config.toml", "yellow")
