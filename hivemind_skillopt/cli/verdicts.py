"""`verdicts`: what the judge made of the reactions, and what people say of it."""

from __future__ import annotations

from collections.abc import Sequence

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.options import RefType, as_json
from hivemind_skillopt.cli.origins import Judged, annotation_facts
from hivemind_skillopt.cli.output import iso, print_json, say, say_indented
from hivemind_skillopt.cli.show import find_version
from hivemind_skillopt.model import Outcome, SkillRef, Verdict

STYLES = {Outcome.SKILL_FAULT: "yellow", Outcome.OK: "green"}


PER_USE = 10
"""Verdicts of one use, at most: a window takes K = 3 reactions by default."""


@click.command("verdicts", short_help="What the judge said of skill uses.")
@click.argument("ref", type=RefType(), required=False, metavar="[NAME--AUTHOR]")
@click.option("-n", "count", default=20, type=click.IntRange(1, 500), help="How many (default 20).")
@click.option("--all", "every", is_flag=True, help="Also verdicts that a later one of the same use superseded.")
@as_json
def command(ref: SkillRef | None, count: int, every: bool, as_json: bool) -> None:
    """Show the newest verdict of each use of an org skill: what the user's reactions said about the skill.

    An outcome is ok, skill_fault, agent_fault, user_change, environment or unclear; only skill_fault can lead
    to an edit. A person's `annotate` overrides the judge.
    """
    context = Context()
    if ref:
        find_version(context, ref, None)
    rows = context.store.verdicts(ref, limit=count if every else count * PER_USE)
    verdicts = rows if every else newest(rows)[:count]
    said = context.store.annotations([verdict.invocation_id for verdict in verdicts])
    found = [Judged(verdict, said.get(verdict.invocation_id)) for verdict in verdicts]
    if as_json:
        print_json([_facts(judged) for judged in found])
    elif not found:
        say("no verdicts yet; the judge is asked when somebody reacts to the use of an org skill")
    for judged in () if as_json else found:
        _print(judged)


def newest(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Of each invocation the newest, in the order given (newest first)."""
    first: dict[str, Verdict] = {}
    for verdict in verdicts:
        first.setdefault(verdict.invocation_id, verdict)
    return list(first.values())


def _print(judged: Judged) -> None:
    verdict, annotation = judged.verdict, judged.annotation
    version = f"v{verdict.version}" if verdict.version else "version unknown"
    say(
        f"{iso(verdict.judged_at)}  {verdict.ref} {version}: {judged.outcome}"
        f"{'' if annotation else f', confidence {verdict.confidence:g}'}",
        STYLES.get(judged.outcome, "default"),
    )
    say_indented(verdict.reason)
    if verdict.quote:
        say_indented(f'the user wrote: "{verdict.quote}"', "italic")
    if annotation:
        note = f": {annotation.note}" if annotation.note else ""
        say_indented(f"{annotation.annotated_by} says {annotation.outcome}, the judge said {verdict.outcome}{note}")
    say_indented(f"invocation {verdict.invocation_id[:12]}", "dim")


def _facts(judged: Judged) -> dict[str, object]:
    verdict, annotation = judged.verdict, judged.annotation
    return {
        "id": verdict.id,
        "invocation_id": verdict.invocation_id,
        "ref": str(verdict.ref),
        "version": verdict.version,
        "version_source": verdict.version_source,
        "outcome": judged.outcome,
        "judge": {"outcome": verdict.outcome, "confidence": verdict.confidence},
        "reason": verdict.reason,
        "quote": verdict.quote,
        "judged_at": iso(verdict.judged_at),
        "annotation": annotation and annotation_facts(annotation),
    }
