"""`worker run` and `worker status`: the detached process that judges, proposes, publishes and pulls."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import click

from hivemind_skillopt import launch
from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.log import POLL_SECONDS, print_stream
from hivemind_skillopt.cli.options import as_json
from hivemind_skillopt.cli.output import ago, iso, print_json, print_table, say, span
from hivemind_skillopt.errors import SettingsError, StateUnavailable
from hivemind_skillopt.judgment_window import JudgmentWindow
from hivemind_skillopt.model import SECOND
from hivemind_skillopt.state.jobs import Job
from hivemind_skillopt.state.log import LogFollower, last_worker_failure
from hivemind_skillopt.state.notes import WORKER_PID
from hivemind_skillopt.state.worker_lock import is_held


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job, and the skill it is about."""

    job: Job
    ref: str


@click.group("worker", short_help="Run it now, or see what it does.")
def command() -> None:
    """The worker starts by itself, at a session's start and after a reaction. Look at it, or run it now."""


@command.command("run", short_help="Work until nothing is left, and show it.")
@click.option("--now", is_flag=True, help="Try waiting jobs now: you have mended what they waited for.")
@as_json
def run(now: bool, as_json: bool) -> None:
    """Run the worker until nothing is left to do, and show what it does. Ctrl-C leaves it running.

    A store that could not be reached is asked at once. With --now, so are models that failed; and rows that the store
    had refused are sent once more.

    With --json each log entry is one line.
    """
    context = Context()
    _refuse_while_off(context)
    context.back_off.hurry()
    if now:
        context.jobs.hurry()
        context.outbox.take_back()
    log, began = context.settings.paths.log, context.clock()
    follower = LogFollower(log)
    pid = launch.start_worker(str(context.settings.paths.state), who=launch.PERSON)
    try:
        while _is_at_work(context, pid):
            print_stream(follower.new_entries(), as_json=as_json)
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        say("it goes on in the background")
        return
    print_stream(follower.new_entries(), as_json=as_json)
    if failure := last_worker_failure(log, began):
        raise StateUnavailable(f"the worker gave up: {failure}")
    if not as_json:
        say(_what_is_left(context))


def _refuse_while_off(context: Context) -> None:
    if context.settings.disabled or context.settings.paused_until > context.clock():
        raise SettingsError("the loop is off or paused; see `hivemind-skillopt status`")


def _is_at_work(context: Context, child: int) -> bool:
    """Our child, or the worker that it found at work and left the work to."""
    with suppress(ChildProcessError):  # it has ended, and was waited for
        if os.waitpid(child, os.WNOHANG)[0] == 0:
            return True
    return running_pid(context) is not None


def _what_is_left(context: Context) -> str:
    jobs, inbox, outbox = context.jobs.all(), context.inbox.names(), context.outbox.count()
    left = f"{len(jobs)} jobs, {len(inbox)} recorded events and {outbox} rows are left"
    why = ["`worker status`"] * bool(jobs) + ["`status`"] * bool(inbox or outbox)
    return f"{left}; see {' and '.join(why)}" if why else "done, nothing is left"


@command.command("status", short_help="Does it run, and what waits?")
@as_json
def status(as_json: bool) -> None:
    """Show whether the worker runs, what it will do next, and which judgment windows are open."""
    context = Context()
    pid, last = running_pid(context), context.notes.get("last_worker_run")
    waiting = [Waiting(job, str(context.windows.get(job.window_id).invocation.ref)) for job in context.jobs.all()]
    windows = context.windows.all_open()
    if as_json:
        facts = {"running_pid": pid, "last_run": iso(int(last)) if last else None}
        print_json({**facts, "jobs": list(map(_job, waiting)), "windows": list(map(_window, windows))})
        return
    now = context.clock()
    say(f"running    process {pid}" if pid else "running    no; a session start or a reaction starts it")
    say(f"last run   {ago(int(last), now) if last else 'never'}")
    _print_jobs(waiting, now)
    _print_windows(windows, now)


def running_pid(context: Context) -> int | None:
    """The process of the worker that runs now. One that was killed has left its note, but not the lock."""
    noted = context.notes.get(WORKER_PID)
    return int(noted) if noted.isdigit() and is_held(context.settings.paths.lock) else None


def _print_jobs(waiting: Sequence[Waiting], now: int) -> None:
    say(f"jobs       {len(waiting) or 'none'}")
    rows = [
        (w.ref, w.job.step, w.job.status, w.job.attempts, _in(w.job.not_before, now), w.job.last_error) for w in waiting
    ]
    if rows:
        print_table(("skill", "step", "status", "tries", "next", "why it waits"), rows)


def _in(at: int, now: int) -> str:
    return "now" if at <= now else f"in {span(at - now)}"


def _print_windows(windows: Sequence[JudgmentWindow], now: int) -> None:
    say(f"windows    {len(windows) or 'none'} open")
    rows = [
        (w.invocation.ref, f"{w.accepted} of {w.k}", ago(w.opened_at, now), w.invocation.session_id) for w in windows
    ]
    if rows:
        print_table(("skill", "reactions", "opened", "session"), rows)


def _job(waiting: Waiting) -> dict[str, object]:
    job = waiting.job
    return {
        "id": job.id,
        "ref": waiting.ref,
        "invocation_id": job.window_id,
        "step": job.step,
        "status": job.status,
        "attempts": job.attempts,
        "not_before": iso(job.not_before) if job.not_before > SECOND else None,
        "last_error": job.last_error,
    }


def _window(window: JudgmentWindow) -> dict[str, object]:
    return {
        "invocation_id": window.invocation.id,
        "ref": str(window.invocation.ref),
        "version": window.invocation.version,
        "session_id": window.invocation.session_id,
        "reactions": window.accepted,
        "of": window.k,
        "opened_at": iso(window.opened_at),
    }
