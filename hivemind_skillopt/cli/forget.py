"""`forget`: take away what is kept of a session, here and in the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
import portalocker

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.options import as_json, dry_run
from hivemind_skillopt.cli.output import print_json, say
from hivemind_skillopt.errors import NotFound, StateUnavailable
from hivemind_skillopt.ports import SessionWords
from hivemind_skillopt.state.forget import Held
from hivemind_skillopt.state.worker_lock import worker_lock

MIN_ID_CHARS = 8
"""A shorter text may stand in another session's files by chance."""

PATIENCE_SECONDS = 10
"""How long a running worker is waited for; one that asks a model may take minutes."""


@click.command("forget", short_help="Take away what is kept of a session.")
@click.option(
    "--session", "session_id", required=True, metavar="ID", help="The session's id, as your harness shows it."
)
@dry_run
@as_json
def command(session_id: str, dry_run: bool, as_json: bool) -> None:
    """Forget a session: what waits on this machine, and in the store the words of its verdicts.

    Recorded events, reactions, windows and jobs go, and rows that are not sent yet. In the store the quotes and
    reasons of its verdicts are blanked; that a skill was used, and the outcome, stay. A proposal that came of it
    and was not published is rejected, without its edits and reasons. What was published stays: `rollback` it. The
    harness's own transcript is the harness's.
    """
    if len(session_id) < MIN_ID_CHARS:
        raise click.UsageError(f"write the whole id: at least {MIN_ID_CHARS} characters")
    context = Context()
    with _no_worker(context):
        held = context.traces.held(session_id)
        if not dry_run:
            context.traces.forget(session_id)
    words = context.store.session_words(session_id) if dry_run else context.store.forget_session(session_id)
    if not held and not words:
        raise NotFound(f"nothing is kept of a session '{session_id}', neither here nor in the store")
    if not dry_run:
        there = {"verdicts": words.verdicts, "proposals": words.proposals}
        context.log.write("forgotten", events=held.events, reactions=held.reactions, rows=held.rows, **there)
    _report(held, words, as_json=as_json, dry_run=dry_run)


@contextmanager
def _no_worker(context: Context) -> Iterator[None]:
    """It could be at work on that very session. Raises StateUnavailable."""
    context.settings.paths.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with worker_lock(context.settings.paths.lock, PATIENCE_SECONDS):
            yield
    except portalocker.LockException:
        raise StateUnavailable("a worker is running; nothing was changed, try again in a minute or two") from None


def _report(held: Held, words: SessionWords, *, as_json: bool, dry_run: bool) -> None:
    if as_json:
        facts = {"uses": len(held.uses), "events": held.events, "reactions": held.reactions, "jobs": held.jobs}
        there = {"verdicts": words.verdicts, "proposals": words.proposals}
        print_json({**facts, "rows": held.rows, **there, "dry_run": dry_run})
        return
    done = "would forget" if dry_run else "forgotten"
    say(
        f"{done} here: uses {len(held.uses)}, recorded events {held.events}, "
        f"reactions {held.reactions}, jobs {held.jobs}, unsent rows {held.rows}"
    )
    say(f"{done} in the store: words of verdicts {words.verdicts}, of unpublished proposals {words.proposals}")
