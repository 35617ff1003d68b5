"""`proposals`: what the loop wants to change and a person has to decide."""

from __future__ import annotations

import click

from hivemind_skillopt.cli.proposals import accept, list_proposals, reject, show


@click.group("proposals", short_help="Read, accept or reject what waits for a person.")
def command() -> None:
    """Changes that the loop proposed. One that the gate held, or any in mode or policy `review`, waits here.

    \b
    Look     proposals list, then proposals show ID
    Decide   proposals accept ID, or proposals reject ID --reason '...'

    The beginning of an ID is enough.
    """


for verb in (list_proposals, show, accept, reject):
    command.add_command(verb.command)
