"""`status`: is it on, does anything wait, what did today cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.elsewhere import Elsewhere, waiting_elsewhere
from hivemind_skillopt.cli.harness_file import why_silent
from hivemind_skillopt.cli.options import as_json
from hivemind_skillopt.cli.output import ago, iso, one_line, print_json, say, shown_store, size, span, tilde
from hivemind_skillopt.errors import SkillOptError
from hivemind_skillopt.model import DAY, ProposalStatus, SkillRef
from hivemind_skillopt.settings import FOR_EVER, Limits, OrgMode, Settings, strictest, without_credentials
from hivemind_skillopt.state.installs import Install
from hivemind_skillopt.state.jobs import Postponed
from hivemind_skillopt.state.log import last_worker_failure
from hivemind_skillopt.state.outbox import Refused
from hivemind_skillopt.state.spending import Spent

MANY = 1000
"""Rows in the outbox that are told about even where nothing has failed."""


COUNTED = 101
"""Proposals that are counted; a hundred and more is all the same."""


@dataclass(frozen=True, slots=True)
class Harness:
    """One installation. `problem`: why its hooks do nothing, or None."""

    harness: str
    home: str
    python: str
    problem: str | None


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job that gave up."""

    step: str
    why: str


@dataclass(frozen=True, slots=True)
class Waits:
    """The rows for any store. `oldest`, `next_try`: ns; `next_try` None: at the next run of the worker."""

    rows: int
    for_another_store: int
    bytes: int
    oldest: int | None
    dropped: int
    refused: list[Refused]
    next_try: int | None


@dataclass(frozen=True, slots=True)
class Status:
    """Everything that `status` tells, asked for once. `published` None: the store cannot be asked."""

    settings: Settings
    paused_until: str | None
    store_failure: str | None
    harnesses: list[Harness]
    skills_pulled: int
    pinned: dict[SkillRef, int]
    windows_open: int
    inbox: int
    set_aside: int
    elsewhere: list[Elsewhere]
    jobs: int
    jobs_postponed: list[Postponed]
    jobs_failed: list[FailedJob]
    outbox: Waits
    last_worker_run: int | None
    worker_failure: str | None
    spent: Spent
    published: int | None
    to_review: int | None
    org_mode: OrgMode | None


@click.command("status", short_help="Is it on, what waits, what did today cost?")
@as_json
def command(as_json: bool) -> None:
    """Show what is set up, what waits, and what today took."""
    context = Context()
    status = _ask(context)
    if as_json:
        print_json(_facts(status))
    else:
        _print(status, context.clock())


def _ask(context: Context) -> Status:
    failure, published, to_review, org_mode = _ask_store(context)
    last = context.notes.get("last_worker_run")
    return Status(
        settings=context.settings,
        paused_until=_paused_until(context),
        store_failure=failure or context.notes.get("sync_failure") or context.notes.get("pull_failure") or None,
        harnesses=[_harness(context, install) for install in context.installs.all()],
        skills_pulled=len({entry.ref for entry in context.manifest.entries()}),
        pinned=context.pins.all(),
        windows_open=len(context.windows.all_open()),
        inbox=len(context.inbox.names()),
        set_aside=context.inbox.set_aside_count(),
        elsewhere=waiting_elsewhere(context),
        jobs=sum(context.jobs.counts().values()),
        jobs_postponed=context.jobs.postponed(context.clock()),
        jobs_failed=[FailedJob(job.step, job.last_error) for job in context.jobs.failures()],
        outbox=_waits(context),
        last_worker_run=int(last) if last else None,
        worker_failure=last_worker_failure(context.settings.paths.log, int(last or 0)),
        spent=context.spending.today(),
        published=published,
        to_review=to_review,
        org_mode=org_mode,
    )


def _waits(context: Context) -> Waits:
    box, now, next_try = context.outbox, context.clock(), context.back_off.next_try()
    later = next_try if next_try > now else None
    others = box.count_for_others()
    return Waits(box.count(), others, box.size(), box.oldest(), box.dropped(now), box.refused(), later)


def _ask_store(context: Context) -> tuple[str | None, int | None, int | None, OrgMode | None]:
    """Why the store cannot be asked; what the loop published today, how much waits for a person, the org's mode."""
    published = waiting = None
    try:
        published = context.store.published_since(context.clock() // DAY * DAY)
        waiting = len(context.store.proposals(None, COUNTED, (ProposalStatus.HELD,)))
        return None, published, waiting, context.store.org_mode()
    except SkillOptError as error:
        return str(error), published, waiting, None


def _harness(context: Context, install: Install) -> Harness:
    def show(path: Path) -> str:
        return tilde(path, context.settings)

    gone = [f"{show(Path(file.path))} is gone" for file in install.files if not Path(file.path).exists()]
    why = why_silent(context.settings.paths.launcher, show) or next(iter(gone), "")
    problem = f"{why}; run `hivemind-skillopt install` again" if why else None
    if install.harness not in context.adapters:
        problem = "no adapter can read what its hooks record; see `hivemind-skillopt doctor`"
    return Harness(install.harness, install.home, install.python, problem)


def _facts(status: Status) -> dict[str, object]:
    settings = status.settings
    url = without_credentials(settings.store_url)
    store = {
        "url": url,
        "org": settings.org,
        "workspace": settings.workspace,
        "failure": status.store_failure,
        "next_try": iso(status.outbox.next_try),
    }
    return {
        "disabled": settings.disabled,
        "paused_until": status.paused_until,
        "mode": settings.mode,
        "org_mode": status.org_mode and status.org_mode.mode,
        "user": settings.user,
        "store": store,
        "harnesses": [asdict(harness) for harness in status.harnesses],
        "skills_pulled": status.skills_pulled,
        "pinned": {str(ref): version for ref, version in status.pinned.items()},
        "windows_open": status.windows_open,
        "inbox": status.inbox,
        "set_aside": status.set_aside,
        "elsewhere": [asdict(one) for one in status.elsewhere],
        "jobs": status.jobs,
        "jobs_postponed": [{**asdict(one), "until": iso(one.until)} for one in status.jobs_postponed],
        "proposals_to_review": status.to_review,
        "jobs_failed": [asdict(job) for job in status.jobs_failed],
        "outbox": status.outbox.rows,
        "outbox_for_another_store": status.outbox.for_another_store,
        "outbox_bytes": status.outbox.bytes,
        "outbox_oldest": iso(status.outbox.oldest),
        "outbox_dropped": status.outbox.dropped,
        "outbox_refused": [asdict(one) for one in status.outbox.refused],
        "last_worker_run": iso(status.last_worker_run),
        "worker_failure": status.worker_failure,
        "today": _today(status.spent, settings.limits, status.published),
    }


def _today(spent: Spent, limits: Limits, published: int | None) -> dict[str, object]:
    return {
        "judge_calls": spent.judge_calls,
        "judge_calls_cap": limits.judge_calls_per_day,
        "proposer_calls": spent.proposer_calls,
        "proposer_calls_cap": limits.judge_calls_per_day,
        "tokens": spent.tokens,
        "tokens_cap": limits.tokens_per_day,
        "cost_usd": round(spent.cost_usd, 6),
        "cost_usd_cap": limits.usd_per_day,
        "share_per_skill": limits.share_per_skill,
        "share_per_session": limits.share_per_session,
        "unpriced_calls": spent.unpriced_calls,
        "publications": published,
        "publications_cap_per_skill": limits.publications_per_day,
        "cooldown_seconds": limits.cooldown_seconds,
    }


def _print(status: Status, now: int) -> None:
    settings, last = status.settings, status.last_worker_run
    _print_loop(status, now)
    say(f"you        {settings.user} in org {settings.org}")
    say(f"store      {shown_store(settings)}")
    if status.store_failure:
        say(f"           {status.store_failure}", "red")
    _print_harnesses(status)
    say(
        f"here       skills pulled {status.skills_pulled}, windows open {status.windows_open}, "
        f"inbox {status.inbox}, jobs {status.jobs}, outbox {status.outbox.rows}"
    )
    _print_outbox(status, now)
    if status.pinned:
        say(f"pinned     {', '.join(f'{ref} to v{version}' for ref, version in status.pinned.items())}")
    for one in status.elsewhere:
        say(f"           of these for {_owner(one, settings)}: inbox {one.inbox}, jobs {one.jobs}")
    if status.set_aside:
        say(f"set aside  {status.set_aside} unreadable inbox files, kept for a day; `hivemind-skillopt log` says why")
    _print_jobs(status)
    say(f"worker     last run {ago(last, now) if last else 'never'}")
    if status.worker_failure:
        say(f"           failed since: {status.worker_failure}", "red")
    _print_today(status.spent, settings.limits, status.published)


def _print_loop(status: Status, now: int) -> None:
    """The mode is the one that holds here, but for what a skill's policy says."""
    own, orgs = status.settings.mode, status.org_mode or OrgMode()
    stricter = strictest(own, orgs.mode) is not own
    by = f" (the org's, by {one_line(orgs.set_by)} {ago(orgs.set_at, now)}; yours is {own})" if stricter else ""
    off = _why_off(status)
    told = off or f"on, mode {orgs.mode if stricter else own}{by}"
    say(f"loop       {told}", "yellow" if off or stricter else None)


def _print_jobs(status: Status) -> None:
    for job in status.jobs_postponed:
        say(f"waits      {job.jobs} job(s) until {iso(job.until)}: {one_line(job.why)}", "yellow")
    if status.to_review:
        many = f"{status.to_review - 1}+" if status.to_review == COUNTED else status.to_review
        say(f"review     {many} proposal(s) wait for a person: `hivemind-skillopt proposals list`", "yellow")
    for failed in status.jobs_failed:
        say(f"failed     {failed.step}: {failed.why}", "red")


def _print_outbox(status: Status, now: int) -> None:
    """More than the count only where something is wrong."""
    heading, box = "outbox", status.outbox
    for line in _about_waiting(box, bool(status.store_failure), now):
        say(f"{heading:11}{line}")
        heading = ""
    for line in _about_lost(box):
        say(f"{heading:11}{line}", "red")
        heading = ""


def _about_waiting(box: Waits, failed: bool, now: int) -> Iterator[str]:
    if box.oldest and (failed or box.next_try or box.rows > MANY):
        yield f"{size(box.bytes)} wait, the oldest row of {ago(box.oldest, now)}"
    if box.next_try:
        yield f"the store is asked again in {span(box.next_try - now)}, or by `worker run`"
    elif box.rows and failed:
        yield "the store is asked again at the next session's start, or by `worker run`"
    if box.for_another_store:
        yield f"{box.for_another_store} rows are for another store, and wait until that one is set again"


def _about_lost(box: Waits) -> Iterator[str]:
    """What does not arrive by itself."""
    if box.dropped:
        yield f"full: {box.dropped} rows were dropped lately, oldest attributions first"
    for one in box.refused:
        yield f"set aside: {one.rows} {one.kind} rows: {one.why}"
    if box.refused:
        yield "`worker run --now` sends these once more"


def _owner(one: Elsewhere, settings: Settings) -> str:
    """Whose worker has to run."""
    home = f"the home {tilde(one.home, settings)}" if one.home else ""
    return " and ".join(filter(None, (home, "another store" if one.another_store else "")))


def _paused_until(context: Context) -> str | None:
    """ISO time, `resume` for a pause without an end, None where nothing is paused."""
    until = context.settings.paused_until
    if until <= context.clock():
        return None
    return "resume" if until == FOR_EVER else iso(until)


def _why_off(status: Status) -> str:
    if status.settings.disabled:
        return "off: HIVEMIND_SKILLOPT_DISABLED is set"
    if status.paused_until == "resume":
        return "paused until `hivemind-skillopt resume`"
    return f"paused until {status.paused_until}" if status.paused_until else ""


def _print_harnesses(status: Status) -> None:
    if not status.harnesses:
        say("harness    none is set up; run: hivemind-skillopt install", "yellow")
    for harness in status.harnesses:
        say(f"harness    {harness.harness} ({tilde(harness.home, status.settings)})")
        if harness.problem:
            say(f"           {harness.problem}", "red")


def _print_today(spent: Spent, limits: Limits, published: int | None) -> None:
    say(
        f"today      {spent.judge_calls} of {limits.judge_calls_per_day} judge calls, "
        f"{spent.proposer_calls} of {limits.judge_calls_per_day} proposer calls,"
    )
    tokens, usd = f"{spent.tokens} of {limits.tokens_per_day}", f"{spent.cost_usd:.4f} of {limits.usd_per_day:g}"
    say(f"           {tokens} tokens, {usd} USD")
    say(f"           of these at most {limits.share_per_skill:.0%} a skill, {limits.share_per_session:.0%} a session")
    say(
        f"           {'?' if published is None else published} published "
        f"(a skill: at most {limits.publications_per_day}, {limits.cooldown_seconds} s apart)"
    )
    if spent.unpriced_calls:
        say(f"           calls whose cost is not known: {spent.unpriced_calls}")
