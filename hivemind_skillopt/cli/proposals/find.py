"""A proposal by the beginning of its id."""

from __future__ import annotations

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.model import Proposal
from hivemind_skillopt.review import Review

MIN_ID_CHARS = 6
SHOWN_ID_CHARS = 12

proposal_id = click.argument("proposal_id", metavar="ID")


def find_proposal(context: Context, id_start: str) -> Proposal:
    """Raises NotFound; UsageError for too short a beginning."""
    if len(id_start) < MIN_ID_CHARS:
        raise click.UsageError(f"write at least {MIN_ID_CHARS} characters of the proposal's id")
    return context.store.find_proposal(id_start.lower())


def reviewing(context: Context) -> Review:
    """The use case, with all checks of the gate."""
    return Review(context.store, context.hooks.gate_checks())
