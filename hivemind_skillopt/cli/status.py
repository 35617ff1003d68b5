"""`status`: is it on, does anything wait, what did today cost."""

from __future__ import annotations

from pathlib import Path

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.options import as_json
from hivemind_skillopt.cli.output import ago, iso, print_json, say, shown_store, tilde
from hivemind_skillopt.errors import SkillOptError
from hivemind_skillopt.model import DAY, SkillRef
from hivemind_skillopt.settings import without_credentials
from hivemind_skillopt.state.installs import Install


@click.command("status", short_help="Is it on, what waits, what did today cost?")
@as_json
def command(as_json: bool) -> None:
    """Show what is set up, what waits, and what today took."""
    context = Context()
    facts = _facts(context)
    if as_json:
        print_json(facts)
    else:
        _print(context, facts)


def _facts(context: Context) -> dict[str, object]:
    settings = context.settings
    last = context.notes.get("last_worker_run")
    return {
        "disabled": settings.disabled,
        "mode": settings.mode,
        "user": settings.user,
        "store": {
            "url": without_credentials(settings.store_url),
            "org": settings.org,
            "workspace": settings.workspace,
            "failure": _store_failure(context),
        },
        "harnesses": [_harness(install) for install in context.installs.all()],
        "skills_pulled": len({entry.ref for entry in context.manifest.entries()}),
        "windows_open": len(context.windows.all_open()),
        "inbox": len(context.inbox.names()),
        "jobs": sum(context.jobs.counts().values()),
        "jobs_failed": [{"step": job.step, "why": job.last_error} for job in context.jobs.failures()],
        "outbox": context.outbox.count(),
        "last_worker_run": iso(int(last)) if last else None,
        "today": _today(context),
    }


def _store_failure(context: Context) -> str | None:
    """What the store says now, else what the worker met last."""
    try:
        context.store.policy(SkillRef("a", "a"))
    except SkillOptError as error:
        return str(error)
    return context.notes.get("sync_failure") or context.notes.get("pull_failure") or None


def _harness(install: Install) -> dict[str, object]:
    problem = None
    if not Path(install.python).exists():
        problem = "its Python environment is gone; run `hivemind-skillopt install` again"
    elif not Path(install.file).exists():
        problem = f"{install.file} is gone; run `hivemind-skillopt install` again"
    return {"harness": install.harness, "home": install.home, "python": install.python, "problem": problem}


def _today(context: Context) -> dict[str, object]:
    spent, limits = context.spending.today(), context.settings.limits
    return {
        "judge_calls": spent.judge_calls,
        "judge_calls_cap": limits.judge_calls_per_day,
        "tokens": spent.tokens,
        "tokens_cap": limits.tokens_per_day,
        "cost_usd": round(spent.cost_usd, 6),
        "cost_usd_cap": limits.usd_per_day,
        "unpriced_calls": spent.unpriced_calls,
        "publications": _publications_today(context),
        "publications_cap_per_skill": limits.publications_per_day,
    }


def _publications_today(context: Context) -> int | None:
    """None where the store cannot be asked."""
    midnight = context.clock() // DAY * DAY
    try:
        return context.store.published_since(midnight)
    except SkillOptError:
        return None


def _print(context: Context, facts: dict[str, object]) -> None:
    settings = context.settings
    on = "off: HIVEMIND_SKILLOPT_DISABLED or the file `disabled`" if settings.disabled else f"on, mode {settings.mode}"
    say(f"loop       {on}", "yellow" if settings.disabled else None)
    say(f"you        {settings.user} in org {settings.org}")
    say(f"store      {shown_store(settings)}")
    if failure := _store_failure(context):
        say(f"           {failure}", "red")
    _print_harnesses(context)
    counts = ("skills_pulled", "windows_open", "inbox", "jobs", "outbox")
    say("here       " + ", ".join(f"{name.replace('_', ' ')} {facts[name]}" for name in counts))
    for job in context.jobs.failures():
        say(f"failed     {job.step}: {job.last_error}", "red")
    last = context.notes.get("last_worker_run")
    say(f"worker     last run {ago(int(last), context.clock()) if last else 'never'}")
    _print_today(context)


def _print_harnesses(context: Context) -> None:
    installs = context.installs.all()
    if not installs:
        say("harness    none is set up; run: hivemind-skillopt install", "yellow")
    for install in installs:
        problem = _harness(install)["problem"]
        say(f"harness    {install.harness} ({tilde(install.home, context.settings)})")
        if problem:
            say(f"           {problem}", "red")


def _print_today(context: Context) -> None:
    spent, limits = context.spending.today(), context.settings.limits
    say(
        f"today      {spent.judge_calls} of {limits.judge_calls_per_day} judge calls, {spent.tokens} tokens, "
        f"{spent.cost_usd:.4f} of {limits.usd_per_day:g} USD, {_publications_today(context) or 0} published"
    )
    if spent.unpriced_calls:
        say(f"           the cost of {spent.unpriced_calls} calls is not known")
