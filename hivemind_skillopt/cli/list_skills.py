"""`list`: the org's skills, and what this machine has of them."""

from __future__ import annotations

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.options import WordType, as_json
from hivemind_skillopt.cli.output import iso, print_json, print_table, say
from hivemind_skillopt.model import Policy, Scope, SkillChange, SkillRef
from hivemind_skillopt.ports import UnreadableChange


@click.command("list", short_help="The org's skills, and what is pulled here.")
@click.option("--author", default="", help="Only this author's skills.")
@click.option("--scope", type=WordType(Scope), help="Only the team's, or only your own.")
@click.option("--all", "everything", is_flag=True, help="Also the retired ones.")
@as_json
def command(author: str, scope: Scope | None, everything: bool, as_json: bool) -> None:
    """List the org's skills that you may see, with the version that is pulled here."""
    context = Context()
    unreadable: list[UnreadableChange] = []
    found = context.store.changes(context.settings.user, on_unreadable=unreadable.append)
    shown = [
        change
        for change in found
        if author.lower() in {"", change.head.ref.author}
        and scope in {None, change.head.scope}
        and (everything or change.policy is not Policy.RETIRED)
    ]
    _show(context, sorted(shown, key=lambda change: change.head.ref), as_json=as_json, any_at_all=bool(found))
    for one in unreadable:
        say(f"{one.skill} cannot be read: {one.why}", "yellow", err=True)


def _show(context: Context, changes: list[SkillChange], *, as_json: bool, any_at_all: bool) -> None:
    pulled = {entry.ref: entry.version for entry in context.manifest.entries()}
    pins = context.pins.all()
    if as_json:
        print_json([_facts(change, pulled, pins) for change in changes])
    elif not changes:
        say("none of these" if any_at_all else "no skills yet; publish one: hivemind-skillopt push ./my-skill")
    else:
        rows = [
            (c.head.ref, f"v{c.head.version}", _here(c, pulled, pins), c.head.scope, _short(c.head.description))
            for c in changes
        ]
        print_table(("skill", "head", "here", "scope", "description"), rows)


def _here(change: SkillChange, pulled: dict[SkillRef, int], pins: dict[SkillRef, int]) -> str:
    ref = change.head.ref
    version = f"v{pulled[ref]}" if ref in pulled else "-"
    said = [f"pinned to v{pins[ref]}"] if ref in pins else []
    said += [change.policy.value] if change.policy in {Policy.RETIRED, Policy.LOCKED} else []
    return f"{version} ({', '.join(said)})" if said else version


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _facts(change: SkillChange, pulled: dict[SkillRef, int], pins: dict[SkillRef, int]) -> dict[str, object]:
    head = change.head
    return {
        "ref": str(head.ref),
        "version": head.version,
        "sha256": head.content_sha256,
        "pulled_version": pulled.get(head.ref),
        "pinned_to": pins.get(head.ref),
        "scope": head.scope,
        "policy": change.policy,
        "description": head.description,
        "published_by": head.published_by,
        "published_at": iso(head.published_at),
    }
