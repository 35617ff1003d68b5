"""`install --trust`: the user's explicit word that the harness may run our hooks; without it, what is still to do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.harness_program import HarnessProgram
from hivemind_skillopt.cli.output import at_a_terminal, say
from hivemind_skillopt.harness import AsksForTrust, HarnessAdapter, HookTrust


def tell_how_to_trust(adapter: HarnessAdapter, *, err: bool) -> None:
    """Where the harness asks its user."""
    if isinstance(adapter, AsksForTrust):
        say(f"{adapter.title}: {adapter.how_to_trust}", "yellow", err=err)


def trust_hooks(context: Context, adapter: HarnessAdapter, home: Path, *, yes: bool, err: bool) -> None:
    """Trust our hooks in that harness, after their commands were shown. Raises HarnessError."""
    if not isinstance(adapter, AsksForTrust):
        return
    program = HarnessProgram(context.settings, adapter, home)
    hooks = adapter.to_trust(home, context.settings.paths.launcher, program)
    _show(adapter, hooks, err)
    if hooks and not yes and at_a_terminal():
        click.confirm("Trust them?", default=True, abort=True, err=err)
    if hooks:
        adapter.trust_hooks(hooks, program)
        context.log.write("hooks_trusted", harness=adapter.name, hooks=len(hooks))


def _show(adapter: HarnessAdapter, hooks: Sequence[HookTrust], err: bool) -> None:
    if not hooks:
        say(f"{adapter.title}: every hook is trusted already", err=err)
        return
    say(f"{adapter.title}: these commands may run, outside its sandbox, whenever their event comes:", err=err)
    for hook in hooks:
        say(f"  {hook.command}", err=err)
