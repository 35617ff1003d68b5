"""`log`: what this machine did."""

from __future__ import annotations

from collections import deque

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.options import as_json
from hivemind_skillopt.cli.output import iso, print_json, print_table, say
from hivemind_skillopt.state.log import read_log


@click.command("log", short_help="What this machine did.")
@click.option("-n", "count", default=30, type=click.IntRange(1), help="How many entries (default 30).")
@as_json
def command(count: int, as_json: bool) -> None:
    """Show the newest entries of this machine's log: ids, names and numbers, never conversation text."""
    context = Context()
    entries = deque(read_log(context.settings.paths.log), maxlen=count)
    if as_json:
        print_json(list(entries))
    elif not entries:
        say("nothing has happened yet")
    else:
        print_table(("when", "what", ""), [(_when(entry), entry.get("what"), describe(entry)) for entry in entries])


def _when(entry: dict[str, object]) -> str:
    at = entry.get("at")
    return iso(at) or "" if isinstance(at, int) else ""


def describe(entry: dict[str, object]) -> str:
    """The facts of an entry on one line; long ids are shortened."""
    facts = ((name, value) for name, value in entry.items() if name not in {"at", "what"} and value not in ("", None))
    return " ".join(f"{name}={_short(value)}" for name, value in facts)


def _short(value: object) -> str:
    text = str(value)
    return text[:12] if len(text) == 64 and text.isalnum() else text
