"""`store mode`: how far the loop may go by itself, for everybody in the org."""

from __future__ import annotations

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.options import WordType, as_json, dry_run
from hivemind_skillopt.cli.output import ago, iso, one_line, print_json, say
from hivemind_skillopt.errors import StoreError
from hivemind_skillopt.settings import Mode, OrgMode


@click.command("mode", short_help="Show or set the org's mode, for everybody.")
@click.argument("mode", type=WordType(Mode), required=False)
@dry_run
@as_json
def command(mode: Mode | None, dry_run: bool, as_json: bool) -> None:
    """Show how far the loop may go by itself in your org, or set it for everybody.

    \b
    auto     what the gate lets pass is published (where nothing was set)
    review   every change waits for a person: `proposals list`
    observe  uses are judged, nothing is proposed
    off      nothing is judged, no model is asked

    The strictest of this, of each person's own mode and of a skill's policy holds. What was recorded while it is
    off is not judged later.
    """
    context = Context()
    if mode is None:
        _show(context.store.org_mode(), context, as_json=as_json)
    else:
        _set(mode, context, dry_run=dry_run, as_json=as_json)


def _set(mode: Mode, context: Context, *, dry_run: bool, as_json: bool) -> None:
    before = _before(context)
    if not dry_run and mode is not before:
        context.store.set_org_mode(OrgMode(mode, context.settings.user, context.clock()))
        context.store.org_mode()  # raises where one that nobody can read is newer still, by its change number
        context.log.write("org_mode_set", mode=mode, before=before)
    if as_json:
        print_json({"org": context.settings.org, "mode": mode, "before": before, "dry_run": dry_run})
        return
    would = "would be" if dry_run else "is"
    was = f"was {before or 'unreadable'}" if mode is not before else "as before"
    say(f"the mode of org {context.settings.org} {would} {mode} ({was})")


def _before(context: Context) -> Mode | None:
    """None for a row that nobody can read: setting the mode is what mends it."""
    try:
        return context.store.org_mode().mode
    except StoreError:
        return None


def _show(now: OrgMode, context: Context, *, as_json: bool) -> None:
    if as_json:
        by, at = now.set_by or None, iso(now.set_at or None)
        print_json({"org": context.settings.org, "mode": now.mode, "set_by": by, "set_at": at})
        return
    by = f"set by {one_line(now.set_by)} {ago(now.set_at, context.clock())}" if now.set_by else "nobody has set it"
    say(f"org {context.settings.org}: mode {now.mode}, {by}")
