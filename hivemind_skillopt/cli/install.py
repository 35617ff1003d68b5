"""`install`: put our hooks into the harnesses of this machine."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import click

from hivemind_skillopt import __version__
from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.harness_file import (
    change_harness_file,
    read_harness_file,
    refuse_read_only,
    write_launcher,
)
from hivemind_skillopt.cli.hook_trust import tell_how_to_trust, trust_hooks
from hivemind_skillopt.cli.options import as_json, dry_run
from hivemind_skillopt.cli.output import at_a_terminal, print_json, say, shown_store, tilde
from hivemind_skillopt.errors import AdapterFailed, HarnessError
from hivemind_skillopt.harness import HarnessAdapter
from hivemind_skillopt.hooks.chosen_scorer import chosen_name
from hivemind_skillopt.settings import AGENT_CLI, Settings
from hivemind_skillopt.state.installs import Install, InstalledFile

CONSENT = """\
What happens once this is installed:

  read       when an org skill is used, what you type next (at most {k} messages),
             and the turns around it, from the harness's transcript
  sent       that text, secrets removed, to a model: {model},
             on your account
  spent      at most {calls} judge calls, {calls} proposer calls and {usd:g} USD a day
  published  mode {mode}: small edits of org skills, each with a quote of at most
             200 characters; nothing else that was said is stored there:
             {store}
  stop       `hivemind-skillopt pause`, or HIVEMIND_SKILLOPT_DISABLED=1, or
             `hivemind-skillopt uninstall`
"""


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file of the harness, as it is and as it will be. `original`: what it holds, or held, without our hooks."""

    path: Path
    before: str | None
    after: str
    original: str | None

    @property
    def needed(self) -> bool:
        """Is there anything to write?"""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Plan:
    """What installing into one harness home changes. `earlier`: our installation that is there already."""

    adapter: HarnessAdapter
    home: Path
    files: tuple[FileChange, ...]
    earlier: Install | None

    @property
    def changes(self) -> bool:
        """Is there anything to write into the harness's files?"""
        return any(file.needed for file in self.files)

    @property
    def moved_from(self) -> str | None:
        """The interpreter of another environment that has run the hooks until now."""
        return self.earlier.python if self.earlier and self.earlier.python != sys.executable else None


@click.command("install", short_help="Add the hooks to your harness.")
@click.option("--harness", "harnesses", multiple=True, help="Only this harness (default: every one found).")
@click.option("--route", default="", help="Another way into that harness, where it has several (see the user guide).")
@click.option("--trust", is_flag=True, help="Also trust the hooks, in a harness that asks for that; shows them first.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@dry_run
@as_json
def command(harnesses: tuple[str, ...], route: str, trust: bool, yes: bool, dry_run: bool, as_json: bool) -> None:
    """Add the hooks to your harness. Running it again changes nothing.

    The harness's files are backed up first, every byte of others stays, and `uninstall` takes out exactly what
    was added. After an upgrade, or from another environment, it makes the hooks run the new one.
    """
    if sys.platform == "win32":
        raise HarnessError("Windows is not supported; use Linux or macOS (or WSL)")
    context = Context()
    plans, broken = _plans(context, harnesses, route)
    _print_consent(context, plans, err=as_json)
    refreshed = False
    if not dry_run:
        _ask(yes, err=as_json)
        refreshed = _apply(context, plans)
    _report(context, plans, refreshed=refreshed, as_json=as_json, dry_run=dry_run)
    for plan in plans if not dry_run else ():
        if trust:
            trust_hooks(context, plan.adapter, plan.home, yes=yes, err=as_json)
        elif plan.changes:
            tell_how_to_trust(plan.adapter, err=as_json)
    if broken:
        raise HarnessError("; ".join(broken))


def _chosen(context: Context, names: tuple[str, ...]) -> list[HarnessAdapter]:
    """The named harnesses, else those that this user has used."""
    if names:
        return [context.adapter(name) for name in dict.fromkeys(names)]
    adapters = list(context.adapters.values())
    found = [adapter for adapter in adapters if adapter.home(context.settings.environ).is_dir()]
    if not found:
        homes = ", ".join(str(adapter.home(context.settings.environ)) for adapter in adapters)
        raise HarnessError(f"no harness found ({homes}); start it once, or name it: install --harness claude_code")
    return found


def _plans(context: Context, names: tuple[str, ...], route: str) -> tuple[list[Plan], list[str]]:
    """What to do, and what cannot be done in which harness: that stops nobody else's installation."""
    plans, broken = [], []
    for adapter in _chosen(context, names):
        try:
            plans.append(_plan(context, adapter, route))
        except HarnessError as error:
            broken.append(f"{adapter.title}: {error}")
    if not plans:
        raise HarnessError("; ".join(broken))
    return plans, broken


def _plan(context: Context, adapter: HarnessAdapter, route: str) -> Plan:
    """Looks only: a dry run makes no state directory. All that the adapter has to say is asked for here."""
    paths, home = context.settings.paths, adapter.home(context.settings.environ)
    earlier = context.installs.get(adapter.name, str(home)) if paths.state_db.exists() else None
    files = _files(adapter, home, route, earlier)
    return Plan(adapter, home, tuple(_change(adapter, file, paths.launcher, earlier) for file in files), earlier)


def _files(adapter: HarnessAdapter, home: Path, route: str, earlier: Install | None) -> tuple[Path, ...]:
    """The route that was taken before is taken again, unless another is named. Raises HarnessError."""
    if route and route not in adapter.routes:
        raise HarnessError(f"{adapter.title} has no route '{route}'; use one of {', '.join(adapter.routes)}")
    before = tuple(Path(file.path) for file in earlier.files) if earlier else ()
    chosen = adapter.hook_files(home, route or adapter.routes[0])
    if before and not route and before in [adapter.hook_files(home, known) for known in adapter.routes]:
        return before
    if before and before != chosen:
        raise HarnessError(f"{adapter.title} has our hooks by another route; run `hivemind-skillopt uninstall` first")
    return chosen


def _change(adapter: HarnessAdapter, file: Path, launcher: Path, earlier: Install | None) -> FileChange:
    before = read_harness_file(file)
    after = adapter.with_hooks(file, before, launcher)  # first: it knows best why a file cannot be changed
    change = FileChange(file, before, after, _original(adapter, file, before, launcher, earlier))
    if change.needed:
        refuse_read_only(file)
    return change


def _original(
    adapter: HarnessAdapter, file: Path, text: str | None, launcher: Path, earlier: Install | None
) -> str | None:
    """The file's text without our hooks, byte-exact."""
    if text is None:
        return None
    known = earlier.file(file) if earlier else None
    if known and known.after == text:
        return known.before
    return adapter.without_hooks(file, text, launcher, known.before if known else None)


def _print_consent(context: Context, plans: list[Plan], *, err: bool) -> None:
    """Once: a second install of the same homes says nothing. To standard error where the output is for a program."""
    if all(plan.earlier for plan in plans):
        return
    settings = context.settings
    say(
        CONSENT.format(
            k=settings.judge_window,
            model=_model(settings, plans),
            calls=settings.limits.judge_calls_per_day,
            usd=settings.limits.usd_per_day,
            mode=settings.mode,
            store=shown_store(settings),
        ),
        err=err,
    )


def _model(settings: Settings, plans: list[Plan]) -> str:
    """Whom the text goes to."""
    chosen = [(plan.adapter.cli().program, chosen_name(settings, plan.adapter)) for plan in plans]
    programs = " / ".join(program for program, name in chosen if name == AGENT_CLI)
    others = dict.fromkeys(f"the scorer `{name}`" for _, name in chosen if name != AGENT_CLI)
    return " or ".join([f"your own `{programs}` CLI"] * bool(programs) + [*others])


def _ask(yes: bool, *, err: bool) -> None:
    """Without a terminal the text above has to do."""
    if not yes and at_a_terminal():
        click.confirm("Install?", default=True, abort=True, err=err)


def _apply(context: Context, plans: list[Plan]) -> bool:
    """Write everything; True when an older launcher was replaced."""
    paths = context.settings.paths
    context.made_folders.note(*paths.folders, *(folder for plan in plans for folder in _folders(plan)))
    paths.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    for folder in (paths.inbox, paths.markers):
        folder.mkdir(mode=0o700, exist_ok=True)
    was_there = paths.launcher.exists()
    refreshed = write_launcher(paths.launcher, context.home_variables()) and was_there
    context.manifest.tell_recorders()
    for plan in plans:
        _install(context, plan)
    return refreshed


def _folders(plan: Plan) -> tuple[Path, ...]:
    """What installing, and later pulling, makes outside our own folders."""
    files = (file.path.resolve().parent for file in plan.files)
    return plan.home, *files, plan.adapter.skill_root(plan.home)


def _install(context: Context, plan: Plan) -> None:
    """Remember the files as they were BEFORE us, then write them: a crash in between loses nothing."""
    install = Install(
        harness=plan.adapter.name,
        home=str(plan.home),
        skill_root=str(plan.adapter.skill_root(plan.home)),
        python=sys.executable,
        version=__version__,
        installed_at=context.clock(),
        files=tuple(InstalledFile(str(file.path), file.original, file.after) for file in plan.files),
    )
    context.installs.put(install)
    for file in plan.files:
        if file.needed:
            change_harness_file(file.path, file.after, context.settings.paths.backups, context.clock())
    if plan.changes:
        context.log.write("installed", harness=install.harness)


def _report(context: Context, plans: list[Plan], *, refreshed: bool, as_json: bool, dry_run: bool) -> None:
    if as_json:
        print_json([{**_facts(plan), "launcher_refreshed": refreshed, "dry_run": dry_run} for plan in plans])
        return
    for plan in plans:
        _print(plan, context.settings, dry_run)
    if refreshed:
        say("The launcher was refreshed: the hooks run this version now.")
    if not dry_run:
        say("Next: hivemind-skillopt push ./my-skill, then hivemind-skillopt pull")


def _print(plan: Plan, settings: Settings, dry_run: bool) -> None:
    done = "would change" if dry_run else "changed"
    for file in plan.files:
        say(f"{plan.adapter.title}: {done if file.needed else 'already set up in'} {file.path}")
    if plan.moved_from:
        now, before = (tilde(Path(python).parent.parent, settings) for python in (sys.executable, plan.moved_from))
        say(f"{plan.adapter.title}: hooks {'would run' if dry_run else 'now run'} in {now}, before: {before}", "yellow")
    if off := _switched_off(plan):
        say(f"{plan.adapter.title}: no hook will run while {off}", "yellow")


def _facts(plan: Plan) -> dict[str, object]:
    return {
        "harness": plan.adapter.name,
        "home": str(plan.home),
        "files": [str(file.path) for file in plan.files],
        "changed": plan.changes,
        "python": sys.executable,
        "python_before": plan.moved_from,
        "switched_off": _switched_off(plan) or None,
    }


def _switched_off(plan: Plan) -> str:
    """All is written by now: an adapter that cannot say it is `doctor`'s business."""
    try:
        return plan.adapter.switched_off(plan.home)
    except AdapterFailed:
        return ""
