"""`store init`: make the tables in an empty database, once for a team."""

from __future__ import annotations

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.options import as_json, dry_run
from hivemind_skillopt.cli.output import print_json, say, shown_store
from hivemind_skillopt.cli.store.found import look_for_change
from hivemind_skillopt.errors import StoreTooOld
from hivemind_skillopt.store.engine import open_store
from hivemind_skillopt.store.inspection import State


@click.command("init", short_help="Make the tables in an empty database.")
@dry_run
@as_json
def command(dry_run: bool, as_json: bool) -> None:
    """Make the org store's tables in the database that HIVEMIND_SKILLOPT_STORE names.

    One person does it once for a team, as a user who may create tables; the others need less: see
    docs/team-store.md. Where there is a store already, nothing is changed.
    """
    context = Context()
    facts = look_for_change(context)
    if facts.state is State.BEHIND:
        raise StoreTooOld(f"there is an org store already: {facts.problem}")
    applied: list[str] = list(facts.schema.missing)
    if facts.state is State.NOT_MADE and not dry_run:
        applied = _make(context)
    if as_json:
        print_json({"url": facts.url, "made": bool(applied), "applied": applied, "dry_run": dry_run})
        return
    shown = shown_store(context.settings)
    would = "would be made" if dry_run else "is made"
    say(f"the org store {shown} {would}" if applied else f"there is an org store at {shown} already: nothing to do")


def _make(context: Context) -> list[str]:
    context.made_folders.note(*context.settings.paths.folders)
    store = open_store(context.settings.store_url, context.settings.org)
    try:
        return store.migrate()
    finally:
        store.close()
