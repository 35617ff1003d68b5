"""`store migrate`: bring an older schema up to date, for the whole team."""

from __future__ import annotations

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.options import as_json, dry_run
from hivemind_skillopt.cli.output import print_json, say, shown_store
from hivemind_skillopt.cli.store.found import look_for_change
from hivemind_skillopt.errors import StoreTooOld
from hivemind_skillopt.store.engine import open_store
from hivemind_skillopt.store.inspection import State

FOR_OTHERS = (
    "from then on a teammate's older hivemind-skillopt says 'upgrade this one' and sends nothing; "
    "what it records waits until it is upgraded"
)


@click.command("migrate", short_help="Bring an older store up to date.")
@dry_run
@as_json
def command(dry_run: bool, as_json: bool) -> None:
    """Bring the org store's schema up to this hivemind-skillopt, for the whole team.

    All or nothing, in one transaction; others wait meanwhile. Afterwards an older hivemind-skillopt refuses the
    store in one line until it is upgraded; nothing that it records is lost. A SQLite file needs no such step.
    """
    context = Context()
    facts = look_for_change(context)
    if not facts.schema.made:
        raise StoreTooOld("there is no org store yet; make it once: `hivemind-skillopt store init`")
    missing = list(facts.schema.missing)
    if missing and not as_json:
        say(f"{shown_store(context.settings)} lacks {', '.join(missing)}")
        say(FOR_OTHERS, "yellow")
    applied = _apply(context) if facts.state is State.BEHIND and not dry_run else missing
    if as_json:
        print_json({"url": facts.url, "applied": applied, "dry_run": dry_run})
    elif not missing:
        say(f"{shown_store(context.settings)} is up to date: nothing to do")
    elif not dry_run:
        say(f"applied {', '.join(applied)}" if applied else "somebody else has just applied them")


def _apply(context: Context) -> list[str]:
    store = open_store(context.settings.store_url, context.settings.org)
    try:
        return store.migrate()
    finally:
        store.close()
