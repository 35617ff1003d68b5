"""`install`: put our hooks into the harnesses of this machine."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import click

from hivemind_skillopt import __version__
from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.harness_file import change_harness_file, launcher_text, read_harness_file
from hivemind_skillopt.cli.options import as_json, dry_run
from hivemind_skillopt.cli.output import print_json, say, shown_store, tilde
from hivemind_skillopt.errors import HarnessError
from hivemind_skillopt.ports import HarnessAdapter
from hivemind_skillopt.state.files import write_atomically
from hivemind_skillopt.state.installs import Install

CONSENT = """\
What happens once this is installed:

  read       when an org skill is used, what you type next (at most {k} messages),
             and the turns around it, from the harness's transcript
  sent       that text, secrets removed, to a model: your own `{harness}` CLI,
             on your account
  spent      at most {calls} judge calls and {usd:g} USD a day
  published  mode {mode}: small edits of org skills, each with a quote of at most
             200 characters; nothing else that was said is stored there:
             {store}
  stop       HIVEMIND_SKILLOPT_DISABLED=1, or `hivemind-skillopt uninstall`, or
             touch {disabled}
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """What installing into one harness home changes."""

    adapter: HarnessAdapter
    home: Path
    file: Path
    before: str | None
    after: str

    @property
    def changes(self) -> bool:
        """Is there anything to write?"""
        return self.before != self.after


@click.command("install", short_help="Add the hooks to your harness.")
@click.option("--harness", "harnesses", multiple=True, help="Only this harness (default: every one found).")
@click.option("--yes", is_flag=True, help="Do not ask.")
@dry_run
@as_json
def command(harnesses: tuple[str, ...], yes: bool, dry_run: bool, as_json: bool) -> None:
    """Add the hooks to your harness's settings. Running it again changes nothing.

    The harness's file is backed up first, entries of others stay as they are, and `uninstall` takes out
    exactly what was added.
    """
    if sys.platform == "win32":
        raise HarnessError("Windows is not supported; use Linux or macOS (or WSL)")
    context = Context()
    plans = [_plan(context, adapter) for adapter in _chosen(context, harnesses)]
    if not as_json:
        _print_consent(context, plans)
    if not dry_run:
        _ask(yes)
        _apply(context, plans)
    _report(plans, as_json=as_json, dry_run=dry_run)


def _chosen(context: Context, names: tuple[str, ...]) -> list[HarnessAdapter]:
    """The named harnesses, else those that this user has used."""
    if names:
        return [context.adapter(name) for name in names]
    adapters = list(context.hooks.adapters().values())
    found = [adapter for adapter in adapters if adapter.home(context.settings.environ).is_dir()]
    if not found:
        homes = ", ".join(str(adapter.home(context.settings.environ)) for adapter in adapters)
        raise HarnessError(f"no harness found ({homes}); start it once, or name it: install --harness claude_code")
    return found


def _plan(context: Context, adapter: HarnessAdapter) -> Plan:
    home = adapter.home(context.settings.environ)
    file = adapter.hook_file(home)
    before = read_harness_file(file)
    return Plan(adapter, home, file, before, adapter.with_hooks(before, context.settings.paths.launcher))


def _print_consent(context: Context, plans: list[Plan]) -> None:
    """Once: a second install of the same homes says nothing."""
    if all(context.installs.get(plan.adapter.name, str(plan.home)) for plan in plans):
        return
    settings = context.settings
    say(
        CONSENT.format(
            k=settings.judge_window,
            harness=" / ".join(plan.adapter.cli().program for plan in plans),
            calls=settings.limits.judge_calls_per_day,
            usd=settings.limits.usd_per_day,
            mode=settings.mode,
            store=shown_store(settings),
            disabled=tilde(settings.paths.disabled, settings),
        )
    )


def _ask(yes: bool) -> None:
    """Without a terminal the text above has to do."""
    if not yes and sys.stdin.isatty() and sys.stdout.isatty():
        click.confirm("Install?", default=True, abort=True)


def _apply(context: Context, plans: list[Plan]) -> None:
    paths = context.settings.paths
    paths.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    for folder in (paths.inbox, paths.markers):
        folder.mkdir(mode=0o700, exist_ok=True)
    write_atomically(paths.launcher, launcher_text().encode(), 0o700)
    context.manifest.tell_recorders()
    for plan in plans:
        _install(context, plan)


def _install(context: Context, plan: Plan) -> None:
    """Remember the file as it was BEFORE us, then write it: a crash in between loses nothing."""
    install = Install(
        harness=plan.adapter.name,
        home=str(plan.home),
        file=str(plan.file),
        skill_root=str(plan.adapter.skill_root(plan.home)),
        python=sys.executable,
        version=__version__,
        installed_at=context.clock(),
        before=_before_us(context, plan),
        after=plan.after,
    )
    context.installs.put(install)
    if plan.changes:
        change_harness_file(plan.file, plan.after, context.settings.paths.backups, context.clock())
        context.log.write("installed", harness=install.harness)


def _before_us(context: Context, plan: Plan) -> str | None:
    """The file's text without our hooks, byte-exact where nobody but us has changed it."""
    earlier = context.installs.get(plan.adapter.name, str(plan.home))
    if earlier is not None and earlier.after == plan.before:
        return earlier.before
    if plan.before is None:
        return None
    return plan.adapter.without_hooks(plan.before, context.settings.paths.launcher)


def _report(plans: list[Plan], *, as_json: bool, dry_run: bool) -> None:
    if as_json:
        print_json([_facts(plan, dry_run) for plan in plans])
        return
    for plan in plans:
        done = "would change" if dry_run else "changed"
        say(f"{plan.adapter.title}: {done if plan.changes else 'already set up in'} {plan.file}")
    if not dry_run:
        say("Next: hivemind-skillopt push ./my-skill, then hivemind-skillopt pull")


def _facts(plan: Plan, dry_run: bool) -> dict[str, object]:
    facts = {"harness": plan.adapter.name, "home": str(plan.home), "file": str(plan.file)}
    return {**facts, "changed": plan.changes, "dry_run": dry_run}
