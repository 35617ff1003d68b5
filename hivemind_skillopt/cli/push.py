"""`push`: publish a skill folder for the team."""

from __future__ import annotations

from pathlib import Path

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.options import WordType, as_json, dry_run
from hivemind_skillopt.cli.output import print_json, say
from hivemind_skillopt.errors import ParentMoved, SkillInvalid
from hivemind_skillopt.model import Policy, Publication, Scope, SkillFolder, SkillRef, SkillVersion
from hivemind_skillopt.skill_md import front_matter, parse_skill_md, with_name
from hivemind_skillopt.state.manifest import ManifestEntry
from hivemind_skillopt.state.skill_folders import read_folder
from hivemind_skillopt.store.folder_rules import check_folder
from hivemind_skillopt.store.rules import Standing, next_version


@click.command("push", short_help="Publish a skill folder.")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--author", help="Publish as this author (default: you).")
@click.option("--scope", type=WordType(Scope), default=Scope.TEAM, help="Who may pull it: team (default) or me.")
@click.option(
    "--policy",
    type=WordType(Policy, without={Policy.RETIRED}),
    help="What the loop may do to it: auto (default), review, locked.",
)
@click.option("--parent", metavar="SHA", help="Publish on this parent instead of the one you pulled.")
@dry_run
@as_json
def command(
    folder: Path,
    author: str | None,
    scope: Scope,
    policy: Policy | None,
    parent: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Publish the skill in FOLDER as the next version of <folder name>--<author>.

    The new version stands on the one that this machine has pulled. If somebody published in between, push
    refuses: pull, look at the difference, push again. Only the front matter's `name:` is changed, to
    <name>--<author>, so that it fits the folder that people pull.
    """
    context = Context()
    publication = _publication(context, folder, author, scope, parent)
    if not dry_run:
        version = context.store.publish(publication)
        if policy:
            context.store.set_policy(version.ref, policy, context.settings.user, context.clock())
        context.back_off.worked()
        context.log.write("pushed", ref=str(version.ref), version=version.version)
    else:
        check_folder(publication.folder)
        standing = Standing(context.store.head(publication.ref), context.store.policy(publication.ref))
        version = next_version(publication, standing)
    _report(version, as_json=as_json, dry_run=dry_run)


def _publication(context: Context, folder: Path, author: str | None, scope: Scope, parent: str | None) -> Publication:
    pulled = {str(entry.ref): entry for entry in context.manifest.entries()}
    ref = _ref(folder.resolve().name, pulled, author.lower() if author else context.settings.user)
    entry = pulled.get(str(ref))
    skill = _rendered(read_folder(folder), ref)
    if parent is None:
        _refuse_to_unlearn(context, ref, skill)
    return Publication(
        ref=ref,
        folder=skill,
        parent_sha256=_parent(context, ref, parent) if parent else entry.content_sha256 if entry else None,
        published_by=context.settings.user,
        published_at=context.clock(),
        scope=scope,
        project=folder.resolve().parent.name,
    )


def _ref(folder_name: str, pulled: dict[str, ManifestEntry], author: str) -> SkillRef:
    """A pulled folder keeps its ref; any other folder's whole name is the skill's name, `--` or not."""
    if folder_name in pulled:
        return pulled[folder_name].ref
    return SkillRef(folder_name, author)


def _refuse_to_unlearn(context: Context, ref: SkillRef, skill: SkillFolder) -> None:
    """The loop may have published since the author's folder was written, and this machine has pulled it already.

    Compare-and-set cannot see that the folder does not have it. Raises ParentMoved.
    """
    text = skill.skill_md.decode("utf-8", "replace")
    for version in reversed(context.store.history(ref)):
        if version.proposal_id is None:
            return
        added = _added_lines(context, version)
        if not all(line in text for line in added):
            raise ParentMoved(
                f"{ref} v{version.version} learned from a reaction, and your folder lacks it: "
                f"see `hivemind-skillopt diff {ref}`, take it over, or push --parent {version.content_sha256[:12]}"
            )


def _added_lines(context: Context, version: SkillVersion) -> list[str]:
    before = context.store.folder(version.ref, version.version - 1).skill_md.decode("utf-8", "replace").splitlines()
    after = context.store.folder(version.ref, version.version).skill_md.decode("utf-8", "replace").splitlines()
    return [line for line in after if line not in before]


def _parent(context: Context, ref: SkillRef, parent: str) -> str:
    """A sha, or its beginning, of a version there is."""
    found = {v.content_sha256 for v in context.store.history(ref) if v.content_sha256.startswith(parent.lower())}
    if len(found) != 1:
        raise SkillInvalid(f"--parent {parent} names no version of {ref}; see `hivemind-skillopt history {ref}`")
    return found.pop()


def _rendered(folder: SkillFolder, ref: SkillRef) -> SkillFolder:
    """The bytes as they will be pulled: only the scalar of `name:` changes."""
    skill_md = parse_skill_md(folder.skill_md)
    named = "name" in (front_matter(skill_md) or {})
    return folder.with_skill_md(with_name(skill_md, str(ref)).data) if named else folder


def _report(version: SkillVersion, *, as_json: bool, dry_run: bool) -> None:
    if as_json:
        facts = {"ref": str(version.ref), "version": version.version, "sha256": version.content_sha256}
        print_json({**facts, "parent_sha256": version.parent_sha256, "dry_run": dry_run})
        return
    done = "would publish" if dry_run else "published"
    say(f"{done} {version.ref} v{version.version} ({version.content_sha256[:12]}, scope {version.scope})")
    if not dry_run:
        say("Your own folder is not an org skill. To use it here as one:")
        say(f"hivemind-skillopt pull {version.ref}")
