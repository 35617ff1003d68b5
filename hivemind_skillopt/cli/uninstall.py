"""`uninstall`: take our hooks out again, exactly; with `--purge`, everything of ours."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.harness_file import change_harness_file, read_harness_file, refuse_read_only
from hivemind_skillopt.cli.options import as_json, dry_run
from hivemind_skillopt.cli.output import print_json, say, tilde
from hivemind_skillopt.cli.purge import Purge
from hivemind_skillopt.errors import StateUnavailable
from hivemind_skillopt.ports import HarnessAdapter
from hivemind_skillopt.settings import Settings
from hivemind_skillopt.state.installs import Install
from hivemind_skillopt.state.markers import Markers


@dataclass(frozen=True, slots=True)
class Cleaning:
    """One harness file: as it is, and as it will be (None: gone). `install`: our record of it, if there is one."""

    harness: str
    file: Path
    now: str | None
    after: str | None
    install: Install | None


@click.command("uninstall", short_help="Take the hooks out again.")
@click.option("--harness", "harnesses", multiple=True, help="Only this harness (default: all).")
@click.option("--purge", is_flag=True, help="Also remove pulled skills, the local store, state and settings.")
@click.option("--yes", is_flag=True, help="With --purge: do not ask.")
@dry_run
@as_json
def command(harnesses: tuple[str, ...], purge: bool, yes: bool, dry_run: bool, as_json: bool) -> None:
    """Take the hooks out of your harness's settings; every other byte stays as it is.

    What was recorded and not yet judged is deleted. Pulled skills, the store and the state stay where they are.

    --purge takes them as well, as `unpull --all` does and more: nothing of this program is left in your home but the
    program. It asks first if something would be lost: rows that the store does not have yet, recorded reactions,
    edited copies, a local store with skills. A store elsewhere is not touched.
    """
    if purge and harnesses:
        raise click.UsageError("--purge is for all harnesses; leave out --harness")
    context = Context()
    context.fall_back()  # a setting that cannot be used must not keep anybody from taking us out
    cleanings = _plan(context, harnesses)
    purging = Purge(context) if purge else None
    if not dry_run:
        if purging:
            purging.ask(yes)
        with purging.alone() if purging else nullcontext():
            _clean(context, cleanings)
            if purging:
                purging.remove()
    _report(context.settings, cleanings, purging, as_json=as_json, dry_run=dry_run)


def _plan(context: Context, names: tuple[str, ...]) -> list[Cleaning]:
    """What was recorded, and what stands in the files of this environment's harnesses although no record is left."""
    adapters = [context.adapter(name) for name in names] or list(context.hooks.adapters().values())
    recorded = [_recorded(context, one) for one in _installs(context) if not names or one.harness in names]
    known = {one.file for one in recorded}
    found = [_found(context, adapter) for adapter in adapters]
    return recorded + [one for one in found if one.file not in known and one.now != one.after]


def _installs(context: Context) -> list[Install]:
    """Our records; none where state.db is gone or cannot be read."""
    try:
        return context.installs.all() if context.settings.paths.state_db.exists() else []
    except StateUnavailable:
        return []


def _recorded(context: Context, install: Install) -> Cleaning:
    file = Path(install.file)
    now = read_harness_file(file)
    after = install.before if now == install.after else now
    if now is not None and now != install.after:
        after = context.adapter(install.harness).without_hooks(now, context.settings.paths.launcher, install.before)
    elif now is None:
        after = None
    return _safe(Cleaning(install.harness, file, now, after, install))


def _found(context: Context, adapter: HarnessAdapter) -> Cleaning:
    file = adapter.hook_file(adapter.home(context.settings.environ))
    now = read_harness_file(file)
    after = None if now is None else adapter.without_hooks(now, context.settings.paths.launcher, None)
    return _safe(Cleaning(adapter.name, file, now, after, None))


def _safe(cleaning: Cleaning) -> Cleaning:
    """Found out before anything is changed."""
    if cleaning.now != cleaning.after:
        refuse_read_only(cleaning.file)
    return cleaning


def _clean(context: Context, cleanings: list[Cleaning]) -> None:
    paths = context.settings.paths
    for one in cleanings:
        if one.now != one.after:
            change_harness_file(one.file, one.after, paths.backups, context.clock())
        if one.install:
            context.installs.remove(one.install.harness, one.install.home)
        context.log.write("uninstalled", harness=one.harness)
    if not _installs(context):
        paths.launcher.unlink(missing_ok=True)
        _forget_what_was_said(context)


def _forget_what_was_said(context: Context) -> None:
    """No hook is left that would start a worker, and so nobody who would erase it after a day."""
    context.inbox.clear()
    Markers(context.settings.paths.markers).clear()
    if context.settings.paths.state_db.exists():
        with suppress(StateUnavailable):
            context.jobs.drop_all()
            context.database.shed()


def _report(
    settings: Settings, cleanings: list[Cleaning], purging: Purge | None, *, as_json: bool, dry_run: bool
) -> None:
    if as_json:
        files = [{"harness": one.harness, "file": str(one.file), "dry_run": dry_run} for one in cleanings]
        print_json({"harnesses": files, **purging.facts()} if purging else files)
        return
    for one in cleanings:
        say(f"{'would clean' if dry_run else 'cleaned'} {one.file}")
    for folder in purging.folders if purging else ():
        say(f"{'would remove' if dry_run else 'removed'} {tilde(folder, settings)}")
    for loss in purging.losses if purging and dry_run else ():
        say(f"would be lost: {loss}", "yellow")
    if not cleanings and not (purging and purging.folders):
        say("nothing is installed")
