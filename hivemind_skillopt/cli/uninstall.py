"""`uninstall`: take our hooks out again, exactly; with `--purge`, everything of ours."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.harness_file import change_harness_file, read_harness_file, refuse_read_only
from hivemind_skillopt.cli.options import as_json, dry_run
from hivemind_skillopt.cli.output import print_json, say, tilde
from hivemind_skillopt.cli.purge import Purge
from hivemind_skillopt.errors import HarnessError, SettingsError, StateUnavailable
from hivemind_skillopt.harness import HarnessAdapter
from hivemind_skillopt.paths import APP, NOTICES
from hivemind_skillopt.settings import Settings
from hivemind_skillopt.state.installs import Install, InstalledFile
from hivemind_skillopt.state.leftovers import remove
from hivemind_skillopt.state.made_folders import remove_empty
from hivemind_skillopt.state.markers import Markers


@dataclass(frozen=True, slots=True)
class Cleaning:
    """One harness file: as it is, and as it will be (None: gone)."""

    harness: str
    file: Path
    now: str | None
    after: str | None


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
    installs = [one for one in _installs(context) if not harnesses or one.harness in harnesses]
    cleanings, broken = _plan(context, installs, harnesses)
    if broken and purge:
        raise _left(broken)
    purging = Purge(context) if purge else None
    if not dry_run:
        if purging:
            purging.ask(yes)
        with purging.alone() if purging else nullcontext():
            _clean(context, [one for one in installs if one.harness not in broken], cleanings)
            if purging:
                purging.remove()
    _report(context.settings, cleanings, purging, as_json=as_json, dry_run=dry_run)
    if broken:
        raise _left(broken)


def _left(broken: Mapping[str, str]) -> HarnessError:
    """Their records stay as well, so that they can be cleaned once the adapter is mended."""
    return HarnessError("; ".join(f"{harness} still has our hooks: {why}" for harness, why in broken.items()))


def _plan(context: Context, installs: list[Install], names: tuple[str, ...]) -> tuple[list[Cleaning], dict[str, str]]:
    """What to do, and which harnesses have to wait, and why: a file cannot be changed, an adapter is gone or broken."""
    cleanings: list[Cleaning] = []
    broken: dict[str, str] = {}
    for harness, file, known in _places(context, installs, names):
        try:
            one = _cleaning(context, harness, file, known)
        except (HarnessError, SettingsError) as error:
            if known or _names_us(context, file):
                broken[harness] = str(error) if str(file) in str(error) else f"{file}: {error}"
        else:
            cleanings += [one] if known or one.now != one.after else []
    return [one for one in cleanings if one.harness not in broken], broken


def _names_us(context: Context, file: Path) -> bool:
    """A file of a harness in which we never were keeps nobody waiting, whatever is wrong with it."""
    try:
        data = file.read_bytes()
    except OSError:
        return False
    return any(os.fsencode(ours) in data for ours in (context.settings.paths.launcher, APP))


def _places(
    context: Context, installs: list[Install], names: tuple[str, ...]
) -> Iterator[tuple[str, Path, InstalledFile | None]]:
    """What was recorded, and what stands in the files of this environment's harnesses although no record is left."""
    adapters = [context.adapter(name) for name in names] or list(context.adapters.values())
    recorded = [(one.harness, Path(file.path), file) for one in installs for file in reversed(one.files)]
    yield from recorded
    known = {path for _, path, _ in recorded}
    for adapter in adapters:
        yield from ((adapter.name, file, None) for file in dict.fromkeys(_files(context, adapter)) if file not in known)


def _installs(context: Context) -> list[Install]:
    """Our records; none where state.db is gone or cannot be read."""
    try:
        return context.installs.all() if context.settings.paths.state_db.exists() else []
    except StateUnavailable:
        return []


def _files(context: Context, adapter: HarnessAdapter) -> Iterator[Path]:
    """Of every route."""
    home = adapter.home(context.settings.environ)
    for route in adapter.routes:
        yield from reversed(adapter.hook_files(home, route))


def _cleaning(context: Context, harness: str, file: Path, known: InstalledFile | None) -> Cleaning:
    """What can go wrong is found out before anything is changed. Raises HarnessError."""
    now, launcher, before = read_harness_file(file), context.settings.paths.launcher, known.before if known else None
    if now is None:
        return Cleaning(harness, file, None, None)
    untouched = known is not None and now == known.after
    after = before if untouched else context.adapter(harness).without_hooks(file, now, launcher, before)
    if now != after:
        refuse_read_only(file)
    return Cleaning(harness, file, now, after)


def _clean(context: Context, installs: list[Install], cleanings: list[Cleaning]) -> None:
    paths = context.settings.paths
    for one in cleanings:
        if one.now != one.after:
            change_harness_file(one.file, one.after, paths.backups, context.clock())
        if one.after is None:
            _remove_bytecode(one.file)
    for install in installs:
        context.installs.remove(install.harness, install.home)
    for harness in dict.fromkeys(one.harness for one in cleanings):
        context.log.write("uninstalled", harness=harness)
    remove_empty({folder for one in cleanings for folder in one.file.parents} & context.made_folders.all())
    if not _installs(context):
        paths.launcher.unlink(missing_ok=True)
        _forget_what_was_said(context)


def _remove_bytecode(file: Path) -> None:
    """What a harness's Python has compiled of a module that was ours."""
    folder = file.parent / "__pycache__"
    for compiled in folder.glob(f"{file.stem}.*.pyc") if file.suffix == ".py" else ():
        compiled.unlink(missing_ok=True)
    remove_empty({folder})


def _forget_what_was_said(context: Context) -> None:
    """No hook is left that would start a worker, and so nobody who would erase it after a day."""
    context.inbox.clear()
    Markers(context.settings.paths.markers).clear()
    for notice in context.settings.paths.state.glob(NOTICES):
        remove(notice)
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
