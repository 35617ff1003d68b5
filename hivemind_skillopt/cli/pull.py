"""`pull`: bring this machine up to the store's heads."""

from __future__ import annotations

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.options import RefType, as_json, dry_run
from hivemind_skillopt.cli.output import print_json, print_table, say, tilde
from hivemind_skillopt.errors import NotFound, SettingsError
from hivemind_skillopt.model import SkillRef
from hivemind_skillopt.pull import PullReport
from hivemind_skillopt.settings import Settings


@click.command("pull", short_help="Fetch and link new versions.")
@click.argument("refs", nargs=-1, type=RefType(), metavar="[NAME--AUTHOR]...")
@click.option("--all", "everything", is_flag=True, help="Also what you have unpulled.")
@dry_run
@as_json
def command(refs: tuple[SkillRef, ...], everything: bool, dry_run: bool, as_json: bool) -> None:
    """Fetch new versions and link them into every harness that `install` was run for.

    Without names: every skill you may see but those that you have unpulled. Nothing new costs one query. A folder
    of your own with the same name is never touched; a pulled copy that you edited is kept aside.
    """
    context = Context()
    installs = context.installs.all()
    if not installs:
        raise SettingsError("no harness is set up on this machine; run `hivemind-skillopt install` first")
    for ref in refs:
        if context.store.head(ref) is None:
            raise NotFound(f"{ref} is not in the store; see `hivemind-skillopt list`")
    report = context.puller().pull(installs, refs, dry_run=dry_run, unpulled_too=everything)
    context.back_off.worked()
    if as_json:
        _print_json(report, dry_run)
    else:
        _print(report, context.settings)


def _print(report: PullReport, settings: Settings) -> None:
    if report.changes:
        rows = [
            (c.ref, f"v{c.before}" if c.before else "new", f"v{c.after}", tilde(c.home, settings))
            for c in report.changes
        ]
        print_table(("skill", "before", "now", "harness home"), rows)
    else:
        say("everything is up to date")
    if report.unpulled:
        say(f"left out, you had unpulled it: {_names(report)}")
        say("to have it again: hivemind-skillopt pull NAME--AUTHOR, or pull --all")
    for path in report.in_the_way:
        say(f"not linked, something of yours is in the way: {path}", "yellow")
    for failure in report.failed:
        say(f"not pulled: {failure}", "red")
    for path in report.kept_aside:
        say(f"you had edited the old copy; it is kept in {path}", "yellow")


def _names(report: PullReport) -> str:
    return ", ".join(str(ref) for ref in sorted(report.unpulled))


def _print_json(report: PullReport, dry_run: bool) -> None:
    changes = [{"ref": str(c.ref), "home": c.home, "before": c.before, "after": c.after} for c in report.changes]
    print_json(
        {
            "changes": changes,
            "unchanged": report.unchanged,
            "in_the_way": report.in_the_way,
            "failed": report.failed,
            "kept_aside": report.kept_aside,
            "unpulled": [str(ref) for ref in sorted(report.unpulled)],
            "dry_run": dry_run,
        }
    )
