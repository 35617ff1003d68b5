"""`pin`: this machine keeps a version of a skill."""

from __future__ import annotations

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.options import RefType, VersionType, as_json, dry_run
from hivemind_skillopt.cli.output import print_json, say
from hivemind_skillopt.cli.pull import pull_here, refuse_what_cannot_be_pulled
from hivemind_skillopt.cli.pull_output import print_report
from hivemind_skillopt.cli.show import find_version
from hivemind_skillopt.errors import NotFound
from hivemind_skillopt.model import SkillRef
from hivemind_skillopt.pull import Request, pull_alone


@click.command("pin", short_help="Keep a version of a skill on this machine.")
@click.argument("ref", type=RefType())
@click.option("--to", "number", type=VersionType(), help="That version: 3 or v3 (default: the one that is pulled).")
@dry_run
@as_json
def command(ref: SkillRef, number: int | None, dry_run: bool, as_json: bool) -> None:
    """Keep REF (name--author) at a version on this machine: pulls leave it there, until `unpin`.

    With --to another version is pulled now. Teammates are not concerned: see `lock` and `rollback` for that. While it
    is pinned, the loop of this machine proposes no change to it.
    """
    context = Context()
    refuse_what_cannot_be_pulled(context, ref)
    version = find_version(context, ref, number or _pulled(context, ref)).version
    before = context.pins.all().get(ref)
    if not dry_run:
        with pull_alone(context.settings.paths.pull_lock):
            context.pins.put(ref, version)
        context.log.write("pinned", ref=str(ref), version=version)
    if as_json:
        print_json({"ref": str(ref), "version": version, "before": before, "dry_run": dry_run})
    else:
        say(f"{ref} {'would be' if dry_run else 'is'} pinned to v{version} on this machine")
    _bring(context, ref, as_json=as_json, dry_run=dry_run)


def _pulled(context: Context, ref: SkillRef) -> int:
    """The version that is here; the newest, where harness homes differ. Raises NotFound."""
    versions = [entry.version for entry in context.manifest.of([ref])]
    if not versions:
        raise NotFound(f"{ref} is not pulled here; pull it first, or say which version: --to N")
    return max(versions)


def _bring(context: Context, ref: SkillRef, *, as_json: bool, dry_run: bool) -> None:
    """Only where it is pulled, or nothing is: what a person has unpulled stays out."""
    installs = context.installs.all()
    if not dry_run and installs and context.manifest.of([ref]):
        report = pull_here(context, installs, Request((ref,)), quiet=as_json)
        if report.changes and not as_json:
            print_report(report, context.settings, dry_run=False)
