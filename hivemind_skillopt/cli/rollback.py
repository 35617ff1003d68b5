"""`rollback`: a new version with the bytes of an old one. Nothing is ever deleted."""

from __future__ import annotations

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.lock import refuse_retired
from hivemind_skillopt.cli.options import RefType, VersionType, as_json, dry_run
from hivemind_skillopt.cli.output import print_json, say
from hivemind_skillopt.cli.show import find_version
from hivemind_skillopt.errors import ParentMoved, SkillInvalid
from hivemind_skillopt.model import Publication, SkillRef, SkillVersion


@click.command("rollback", short_help="Publish an old version's bytes again.")
@click.argument("ref", type=RefType())
@click.option("--to", "number", type=VersionType(), required=True, help="The version to go back to: 3 or v3.")
@dry_run
@as_json
def command(ref: SkillRef, number: int, dry_run: bool, as_json: bool) -> None:
    """Publish the bytes of an old version of REF (name--author) as its next version.

    What the loop had published since then counts as rejected: it does not propose the same edits again.
    """
    context = Context()
    head, target = find_version(context, ref, None), find_version(context, ref, number)
    if target.content_sha256 == head.content_sha256:
        raise SkillInvalid(f"{ref} v{head.version}, its head, already has the bytes of v{number}")
    publication = Publication(
        ref=ref,
        folder=context.store.folder(ref, number),
        parent_sha256=head.content_sha256,
        published_by=context.settings.user,
        published_at=context.clock(),
        scope=head.scope,
        reverts_version=number,
    )
    refuse_retired(context, ref)
    if not dry_run:
        made = _publish(context, publication)
        context.log.write("rolled_back", ref=str(ref), version=made.version, to=number)
    _report(head, target, as_json=as_json, dry_run=dry_run)


def _publish(context: Context, publication: Publication) -> SkillVersion:
    """Raises ParentMoved in the words of a rollback."""
    try:
        return context.store.publish(publication)
    except ParentMoved as error:
        look = f"hivemind-skillopt history {publication.ref}"
        raise ParentMoved(f"somebody published meanwhile ({error}); see `{look}`, then roll back again") from None


def _report(head: SkillVersion, target: SkillVersion, *, as_json: bool, dry_run: bool) -> None:
    version = head.version + 1
    if as_json:
        facts = {"ref": str(head.ref), "version": version, "reverts_version": target.version}
        print_json({**facts, "sha256": target.content_sha256, "dry_run": dry_run})
        return
    done = "would publish" if dry_run else "published"
    say(f"{done} {head.ref} v{version} with the bytes of v{target.version} ({target.content_sha256[:12]})")
    if not dry_run:
        say(f"To have it here now: hivemind-skillopt pull {head.ref}")
