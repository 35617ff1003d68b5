"""`annotate`: a person's word on the use of a skill; it overrides the judge for ever."""

from __future__ import annotations

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.options import WordType, as_json, dry_run
from hivemind_skillopt.cli.output import print_json, say
from hivemind_skillopt.model import Annotation, Invocation, Outcome, derived_id
from hivemind_skillopt.pipeline import REMEMBERED_PROPOSALS
from hivemind_skillopt.redaction import redact

MIN_ID_CHARS = 6
MAX_NOTE_CHARS = 300
"""As long as a judge's reason."""


@click.command("annotate", short_help="Overrule the judge.")
@click.argument("invocation", metavar="INVOCATION")
@click.option("--outcome", type=WordType(Outcome), required=True, help="What it really was.")
@click.option("--note", default="", help="Why, in a sentence (secrets are removed).")
@dry_run
@as_json
def command(invocation: str, outcome: Outcome, note: str, dry_run: bool, as_json: bool) -> None:
    """Say what the use of a skill really showed. `verdicts` prints the INVOCATION's id; its beginning is enough.

    Your word counts instead of the judge's, also after it judges again. Unless you say skill_fault, no edit
    comes of this use any more; one that was published is taken back with `rollback`.
    """
    if len(invocation) < MIN_ID_CHARS:
        raise click.UsageError(f"write at least {MIN_ID_CHARS} characters of the invocation's id")
    context = Context()
    found = context.store.find_invocation(invocation.lower())
    annotation = _annotation(context, found, outcome, note)
    if not dry_run:
        context.store.annotate(annotation)
        context.log.write("annotated", ref=str(found.ref), invocation=found.id, outcome=outcome)
    _report(annotation, _publication(context, annotation), as_json=as_json, dry_run=dry_run)


def _annotation(context: Context, invocation: Invocation, outcome: Outcome, note: str) -> Annotation:
    at, user = context.clock(), context.settings.user
    return Annotation(
        id=derived_id("annotation", invocation.id, user, str(at)),
        invocation_id=invocation.id,
        ref=invocation.ref,
        outcome=outcome,
        note=" ".join(redact(note).split())[:MAX_NOTE_CHARS],
        annotated_by=user,
        annotated_at=at,
    )


def _publication(context: Context, annotation: Annotation) -> int | None:
    """The version that has already come of this use, where that should not have been."""
    if annotation.outcome is Outcome.SKILL_FAULT:
        return None
    proposals = context.store.proposals(annotation.ref, limit=REMEMBERED_PROPOSALS)
    return next((p.published_version for p in proposals if p.invocation_id == annotation.invocation_id), None)


def _report(annotation: Annotation, published: int | None, *, as_json: bool, dry_run: bool) -> None:
    if as_json:
        facts = {"invocation_id": annotation.invocation_id, "ref": str(annotation.ref), "note": annotation.note}
        print_json({**facts, "outcome": annotation.outcome, "published_version": published, "dry_run": dry_run})
        return
    counts = "would count" if dry_run else "counts"
    say(f"{annotation.ref}, invocation {annotation.invocation_id[:12]}: {annotation.outcome} {counts} now")
    if published:
        say(f"v{published} came of it; to take it and all later ones back:")
        say(f"hivemind-skillopt rollback {annotation.ref} --to {published - 1}")
