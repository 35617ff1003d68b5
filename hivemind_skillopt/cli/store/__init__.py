"""`store`: the org store itself: make it, bring it up to date, look at it, copy it."""

from __future__ import annotations

import click

from hivemind_skillopt.cli.store import copy, init, migrate, mode, status


@click.group("store", short_help="Make, upgrade, look at or copy the org store.")
def command() -> None:
    """The org store: a SQLite file of your own, or a team's PostgreSQL.

    \b
    Alone    nothing to do: the file is made and upgraded by itself
    A team   hivemind-skillopt config set store postgresql://db.example.com/skills
             store init       one person, once
             store status     everybody: does it answer?
    Mode     store mode review   every change in the org waits for a person
    Move     store copy FROM TO
    Upgrade  store migrate    one person, once all have upgraded

    Keep the password out of the URL: ~/.pgpass, PGPASSFILE, or a service file and postgresql:///?service=NAME.
    """


for verb in (init, migrate, status, mode, copy):
    command.add_command(verb.command)
