"""What a pull tells: while it lasts, for people, for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.status import Status

from hivemind_skillopt.cli.output import console, print_table, say, tilde
from hivemind_skillopt.pull import PullReport
from hivemind_skillopt.pull.report import Change, Edited, shortened
from hivemind_skillopt.settings import Settings

SHOWN = 20
"""Lines of one kind before the rest is counted only; more skills than this show their progress."""


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[Change], None]]:
    """On standard error, which must be a terminal; only when more skills come than are listed."""
    status, done = Status("", console=console(err=True)), 0

    def on_change(change: Change) -> None:
        nonlocal done
        done += 1
        if done == SHOWN + 1 and not quiet and status.console.is_terminal:
            status.start()
        if done > SHOWN:
            status.update(f"{done} skills, now {change.ref}")

    try:
        yield on_change
    finally:
        status.stop()


def print_report(report: PullReport, settings: Settings, *, dry_run: bool) -> None:
    """For people."""
    for sentence in report.about_the_store:
        say(sentence, "yellow")
    _print_changes(report, settings, dry_run=dry_run)
    if report.unpulled:
        say(f"left out, you had unpulled it: {shortened(sorted(map(str, report.unpulled)))}")
        say("to have it again: hivemind-skillopt pull NAME--AUTHOR, or pull --all")
    for ref, (version, head) in sorted(report.pinned.items()):
        newer = f"; its head is v{head}" if head != version else ""
        say(f"pinned to v{version}: {ref}{newer} (`hivemind-skillopt unpin {ref}`)")
    _print_each(report.repaired, "would be repaired: " if dry_run else "repaired: ", None, settings)
    _print_each(report.in_the_way, "not linked, something of yours is in the way: ", "yellow", settings)
    _print_each(report.failed, "not pulled: ", "red", settings)
    for edited in report.edited:
        _print_edited(edited, settings)


def _print_changes(report: PullReport, settings: Settings, *, dry_run: bool) -> None:
    if not report.changes:
        say("everything is up to date" if not (report.failed or report.in_the_way) else "nothing new was pulled")
        return
    rows = [(c.ref, _word(c.before, "new"), _word(c.after, "retired"), tilde(c.home, settings)) for c in report.changes]
    print_table(("skill", "before", "then" if dry_run else "now", "harness home"), rows[:SHOWN])
    _count_rest(rows)


def _word(version: int, none: str) -> str:
    return f"v{version}" if version else none


def _print_edited(edited: Edited, settings: Settings) -> None:
    if edited.merged:
        say(f"you had edited {edited.ref}; your edit is merged into the new version")
    elif edited.conflicts:
        say(f"you had edited {edited.ref}, and it does not merge: {shortened(edited.conflicts)}", "yellow")
    else:
        say(f"you had edited {edited.ref}", "yellow")
    if edited.kept:
        say(f"  your copy is kept in {tilde(edited.kept, settings)}")


def _print_each(lines: Sequence[str], before: str, style: str | None, settings: Settings) -> None:
    for line in lines[:SHOWN]:
        say(f"{before}{tilde(line, settings)}", style)
    _count_rest(lines)


def _count_rest(rows: Sequence[object]) -> None:
    if len(rows) > SHOWN:
        say(f"... and {len(rows) - SHOWN} more")


def facts(report: PullReport, *, dry_run: bool) -> dict[str, object]:
    """For `--json`."""
    changes = [{"ref": str(c.ref), "home": c.home, "before": c.before, "after": c.after} for c in report.changes]
    edited = [
        {"ref": str(e.ref), "kept": e.kept, "merged": e.merged, "conflicts": list(e.conflicts)} for e in report.edited
    ]
    pinned = {str(ref): {"version": v, "head": head} for ref, (v, head) in sorted(report.pinned.items())}
    return {
        "changes": changes,
        "unchanged": report.unchanged,
        "in_the_way": report.in_the_way,
        "failed": report.failed,
        "kept_aside": report.kept_aside,
        "edited": edited,
        "repaired": report.repaired,
        "unpulled": [str(ref) for ref in sorted(report.unpulled)],
        "pinned": pinned,
        "not_offered": [str(ref) for ref in report.not_offered],
        "store_replaced": report.store_replaced,
        "dry_run": dry_run,
    }
