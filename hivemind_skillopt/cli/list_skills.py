"""`list`: the org's skills, and what this machine has of them."""

from __future__ import annotations

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.options import as_json
from hivemind_skillopt.cli.output import iso, print_json, print_table, say
from hivemind_skillopt.model import SkillChange


@click.command("list", short_help="The org's skills, and what is pulled here.")
@as_json
def command(as_json: bool) -> None:
    """List the org's skills that you may see, with the version that is pulled here."""
    context = Context()
    pulled = {entry.ref: entry.version for entry in context.manifest.entries()}
    found = sorted(context.store.changes(context.settings.user), key=lambda change: change.head.ref)
    if as_json:
        print_json([_facts(change, pulled.get(change.head.ref)) for change in found])
    elif not found:
        say("no skills yet; publish one: hivemind-skillopt push ./my-skill")
    else:
        heads = [change.head for change in found]
        rows = [(h.ref, f"v{h.version}", _here(pulled.get(h.ref)), h.scope, _short(h.description)) for h in heads]
        print_table(("skill", "head", "here", "scope", "description"), rows)


def _here(version: int | None) -> str:
    return f"v{version}" if version else "-"


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _facts(change: SkillChange, pulled: int | None) -> dict[str, object]:
    head = change.head
    return {
        "ref": str(head.ref),
        "version": head.version,
        "sha256": head.content_sha256,
        "pulled_version": pulled,
        "scope": head.scope,
        "policy": change.policy,
        "description": head.description,
        "published_by": head.published_by,
        "published_at": iso(head.published_at),
    }
