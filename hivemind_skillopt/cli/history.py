"""`history`: every version of a skill, and what caused it."""

from __future__ import annotations

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.options import RefType, as_json
from hivemind_skillopt.cli.origins import causes
from hivemind_skillopt.cli.output import iso, print_json, print_table
from hivemind_skillopt.errors import NotFound
from hivemind_skillopt.model import SkillRef, SkillVersion


@click.command("history", short_help="Every version of a skill, and its cause.")
@click.argument("ref", type=RefType())
@as_json
def command(ref: SkillRef, as_json: bool) -> None:
    """Show every version of REF (name--author), oldest first: when, by whom and why.

    A version is pushed, or learned from a reaction by the loop of the person named, or rolled back to an earlier one.
    For the reaction's words and the lines that came of it: `hivemind-skillopt blame REF`.
    """
    context = Context()
    versions = context.store.history(ref)
    if not versions:
        raise NotFound(f"{ref} is not in the store; see `hivemind-skillopt list`")
    why = causes(context.store, versions)
    if as_json:
        print_json([_facts(version) | {"why": why[version.version]} for version in versions])
        return
    rows = [
        (f"v{v.version}", v.content_sha256[:12], iso(v.published_at), v.published_by, why[v.version]) for v in versions
    ]
    print_table(("version", "sha256", "published", "by", "why"), rows)


def _facts(version: SkillVersion) -> dict[str, object]:
    return {
        "version": version.version,
        "sha256": version.content_sha256,
        "parent_sha256": version.parent_sha256,
        "published_by": version.published_by,
        "published_at": iso(version.published_at),
        "proposal_id": version.proposal_id,
    }
