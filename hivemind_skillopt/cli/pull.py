"""`pull`: bring this machine up to the store's heads."""

from __future__ import annotations

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.lock import refuse_retired
from hivemind_skillopt.cli.options import RefType, WordType, as_json, dry_run
from hivemind_skillopt.cli.output import print_json
from hivemind_skillopt.cli.pull_output import facts, print_report, progress
from hivemind_skillopt.errors import NotFound, SettingsError
from hivemind_skillopt.model import Scope, SkillRef
from hivemind_skillopt.pull import PullReport, Request
from hivemind_skillopt.state.installs import Install
from hivemind_skillopt.store.rules import visible_to


@click.command("pull", short_help="Fetch and link new versions.")
@click.argument("refs", nargs=-1, type=RefType(), metavar="[NAME--AUTHOR]...")
@click.option("--all", "everything", is_flag=True, help="Also what you have unpulled; compares every skill.")
@click.option("--author", default="", help="Only this author's skills.")
@click.option("--scope", type=WordType(Scope), help="Only the team's, or only your own.")
@dry_run
@as_json
def command(
    refs: tuple[SkillRef, ...], everything: bool, author: str, scope: Scope | None, dry_run: bool, as_json: bool
) -> None:
    """Fetch new versions and link them into every harness that `install` was run for.

    Without names: every skill you may see but those that you have unpulled. Nothing new costs one query. What was
    retired goes, what is pinned stays. A folder of your own with the same name is never touched. A pulled copy that
    you edited is kept aside, and your edit is merged into the new version where that is clean.

    --author and --scope are for this once: the pull at the next session start brings the others.
    """
    if refs and (everything or author or scope):
        raise click.UsageError("name the skills, or choose them by options, not both")
    context = Context()
    request = Request(refs, author.lower(), scope, everything, dry_run)
    installs = installs_of(context)
    for ref in refs:
        refuse_what_cannot_be_pulled(context, ref)
    report = pull_here(context, installs, request, quiet=as_json)
    if as_json:
        print_json(facts(report, dry_run=dry_run))
    else:
        print_report(report, context.settings, dry_run=dry_run)


def installs_of(context: Context) -> list[Install]:
    """Where to pull into. Raises SettingsError."""
    installs = context.installs.all()
    if not installs:
        raise SettingsError("no harness is set up on this machine; run `hivemind-skillopt install` first")
    return installs


def refuse_what_cannot_be_pulled(context: Context, ref: SkillRef) -> None:
    """Raises NotFound, StoreError."""
    head = context.store.head(ref)
    if head is None or not visible_to(context.settings.user, head):
        raise NotFound(f"{ref} is not in the store; see `hivemind-skillopt list`")
    refuse_retired(context, ref)


def pull_here(context: Context, installs: list[Install], request: Request, *, quiet: bool) -> PullReport:
    """With a line of progress for people, where it takes long."""
    with progress(quiet=quiet) as on_change:
        report = context.puller().pull(installs, request, on_change)
    context.back_off.worked()
    return report
