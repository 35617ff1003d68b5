"""`store status`: which store, does it answer, is its schema ours, what does it hold."""

from __future__ import annotations

import sys

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.options import as_json
from hivemind_skillopt.cli.output import print_json, say, say_indented, shown_store
from hivemind_skillopt.store.inspection import State, StoreFacts, look

SCHEMA = {
    State.READY: "up to date",
    State.NOT_MADE: "not made yet",
    State.BEHIND: "behind this program",
    State.AHEAD: "ahead of this program",
    State.FOREIGN: "not ours",
}


@click.command("status", short_help="Does it answer, and what does it hold?")
@as_json
def command(as_json: bool) -> None:
    """Show which org store is used, whether it answers, how far its schema is, and how many rows your org has.

    The URL is shown without user, password and options. Nothing is made or changed.

    Exit codes: 0 it can be used, 1 it cannot (one line says why).
    """
    context = Context()
    facts = look(context.settings.store_url, context.settings.org)
    if as_json:
        print_json(_facts(facts, context.settings.org))
    else:
        _print(facts, context)
    sys.exit(not facts.usable)


def _facts(facts: StoreFacts, org: str) -> dict[str, object]:
    schema = facts.schema
    return {
        "url": facts.url,
        "org": org,
        "state": facts.state,
        "usable": facts.usable,
        "problem": facts.problem or None,
        "server": facts.server or None,
        "schema": {"applied": schema.applied, "missing": schema.missing, "unknown": schema.unknown},
        "rows": dict(facts.rows),
    }


def _print(facts: StoreFacts, context: Context) -> None:
    say(f"store      {shown_store(context.settings)}")
    if facts.server:
        say(f"server     {facts.server} answers")
    if facts.state in SCHEMA:
        known = len(facts.schema.applied) + len(facts.schema.missing)
        say(f"schema     {SCHEMA[facts.state]} ({len(facts.schema.applied)} of {known} migrations applied)")
    if facts.problem:
        say(f"           {facts.problem}", "yellow" if facts.usable else "red", err=not facts.usable)
    if facts.rows:
        say(f"org        {context.settings.org}")
        say_indented(", ".join(f"{name} {count}" for name, count in sorted(facts.rows.items())), indent=11)
