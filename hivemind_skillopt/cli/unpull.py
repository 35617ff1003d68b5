"""`unpull`: take pulled skills off this machine again."""

from __future__ import annotations

from contextlib import nullcontext

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.options import RefType, as_json, dry_run
from hivemind_skillopt.cli.output import print_json, print_table, say, tilde
from hivemind_skillopt.errors import NotFound
from hivemind_skillopt.model import SkillRef
from hivemind_skillopt.pull import Unpuller, UnpullReport, pull_alone
from hivemind_skillopt.settings import Settings
from hivemind_skillopt.state.manifest import ManifestEntry


@click.command("unpull", short_help="Take pulled skills off this machine.")
@click.argument("refs", nargs=-1, type=RefType(), metavar="[NAME--AUTHOR]...")
@click.option("--all", "everything", is_flag=True, help="Every pulled skill.")
@dry_run
@as_json
def command(refs: tuple[SkillRef, ...], everything: bool, dry_run: bool, as_json: bool) -> None:
    """Remove the links of pulled skills from every harness, and the versions that nothing points to.

    The store keeps them. They stay away from this machine, at session starts too, until you name them again:
    `pull NAME--AUTHOR`, or `pull --all`. A copy that you edited is kept aside.
    """
    if bool(refs) == everything:
        raise click.UsageError("name the skills, or say --all")
    context = Context()
    entries = _chosen(context, refs)
    unpuller = Unpuller(context.manifest, context.folders, context.log, context.made_folders)
    with nullcontext() if dry_run else pull_alone(context.settings.paths.pull_lock):
        report = unpuller.unpull(entries, dry_run=dry_run)
    if as_json:
        _print_json(report, dry_run)
    else:
        _print(report, context.settings, dry_run)


def _chosen(context: Context, refs: tuple[SkillRef, ...]) -> list[ManifestEntry]:
    """What is pulled now, from whichever store it came. Raises NotFound."""
    entries = context.manifest.everywhere()
    for ref in refs:
        if ref not in {entry.ref for entry in entries}:
            raise NotFound(f"{ref} is not pulled here; see `hivemind-skillopt list`")
    return [entry for entry in entries if not refs or entry.ref in refs]


def _print(report: UnpullReport, settings: Settings, dry_run: bool) -> None:
    if report.removed:
        rows = [(entry.ref, f"v{entry.version}", tilde(entry.home, settings)) for entry in report.removed]
        print_table(("skill", "would go" if dry_run else "removed", "harness home"), rows)
    else:
        say("nothing is pulled")
    for path in report.left:
        say(f"not removed, it is yours: {tilde(path, settings)}", "yellow")
    for path in report.kept_aside:
        say(f"you had edited it; your copy is kept in {tilde(path, settings)}", "yellow")


def _print_json(report: UnpullReport, dry_run: bool) -> None:
    removed = [{"ref": str(one.ref), "home": one.home, "version": one.version} for one in report.removed]
    print_json({"removed": removed, "kept_aside": report.kept_aside, "left": report.left, "dry_run": dry_run})
