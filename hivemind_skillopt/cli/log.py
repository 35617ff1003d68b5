"""`log`: what this machine did."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Iterable

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.options import as_json
from hivemind_skillopt.cli.output import iso, print_json, print_table, say
from hivemind_skillopt.settings import FOR_EVER
from hivemind_skillopt.state.log import LogFollower, read_log

POLL_SECONDS = 0.2


@click.command("log", short_help="What this machine did.")
@click.option("-n", "count", default=30, type=click.IntRange(1), help="How many entries (default 30).")
@click.option("--follow", "-f", is_flag=True, help="Go on with new entries as they come, until Ctrl-C.")
@as_json
def command(count: int, follow: bool, as_json: bool) -> None:
    """Show the newest entries of this machine's log: ids, names and numbers, never conversation text.

    With --follow, --json prints one object a line.
    """
    path = Context().settings.paths.log
    follower = LogFollower(path)
    entries = deque(read_log(path), maxlen=count)
    if follow:
        print_stream(entries, as_json=as_json)
        _follow(follower, as_json=as_json)
    elif as_json:
        print_json(list(entries))
    elif not entries:
        say("nothing has happened yet")
    else:
        print_table(("when", "what", ""), [(_when(entry), entry.get("what"), describe(entry)) for entry in entries])


def _follow(follower: LogFollower, *, as_json: bool) -> None:
    try:
        while True:
            print_stream(follower.new_entries(), as_json=as_json)
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        return


def print_stream(entries: Iterable[dict[str, object]], *, as_json: bool) -> None:
    """One line for each entry, at once."""
    for entry in entries:
        click.echo(json.dumps(entry, ensure_ascii=False)) if as_json else say(line(entry))


def line(entry: dict[str, object]) -> str:
    """An entry on one line."""
    return f"{_when(entry)}  {entry.get('what')}  {describe(entry)}"


def _when(entry: dict[str, object]) -> str:
    at = entry.get("at")
    return iso(at) or "" if isinstance(at, int) and 0 <= at < FOR_EVER else ""


def describe(entry: dict[str, object]) -> str:
    """The facts of an entry on one line; long ids are shortened."""
    facts = ((name, value) for name, value in entry.items() if name not in {"at", "what"} and value not in ("", None))
    return " ".join(f"{name}={_short(value)}" for name, value in facts)


def _short(value: object) -> str:
    text = str(value)
    return text[:12] if len(text) == 64 and text.isalnum() else text
