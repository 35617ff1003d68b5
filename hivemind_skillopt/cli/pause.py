"""`pause`: nothing is recorded, judged or published for a while, or until `resume`."""

from __future__ import annotations

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.options import DurationType, as_json, dry_run
from hivemind_skillopt.cli.output import iso, print_json, say
from hivemind_skillopt.model import SECOND
from hivemind_skillopt.state.files import write_atomically


@click.command("pause", short_help="Record nothing for a while.")
@click.argument("duration", type=DurationType(), required=False)
@dry_run
@as_json
def command(duration: int | None, dry_run: bool, as_json: bool) -> None:
    """Record, judge and publish nothing for a DURATION (30m, 2h, 1d), or until `resume`.

    Sessions that run now are included. What was recorded before waits until the pause is over; then text
    older than 24 hours is erased unjudged.
    """
    context = Context()
    context.fall_back()  # a setting that cannot be used must not keep anybody from this
    file = context.settings.paths.disabled
    until = context.clock() + duration * SECOND if duration else None
    if not dry_run:
        context.made_folders.note(*context.settings.paths.folders)
        write_atomically(file, f"{until}\n".encode() if until else b"")
        context.log.write("paused", until=iso(until))
    if as_json:
        print_json({"paused_until": iso(until), "dry_run": dry_run})
        return
    end = f"until {iso(until)}" if until else "until `hivemind-skillopt resume`"
    say(f"{'would pause' if dry_run else 'paused'} {end}: nothing is recorded, judged or published")
