"""`show`: one version of a skill, as it is pulled."""

from __future__ import annotations

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.options import RefType, VersionType, as_json
from hivemind_skillopt.cli.origins import causes
from hivemind_skillopt.cli.output import iso, one_line, print_json, say
from hivemind_skillopt.errors import NotFound
from hivemind_skillopt.model import SkillFolder, SkillRef, SkillVersion


@click.command("show", short_help="One version of a skill.")
@click.argument("ref", type=RefType())
@click.option("--version", "number", type=VersionType(), help="An older version (default: the head).")
@as_json
def command(ref: SkillRef, number: int | None, as_json: bool) -> None:
    """Show REF (name--author): who published it, its files, and its SKILL.md."""
    context = Context()
    version = find_version(context, ref, number)
    folder = context.store.folder(ref, version.version)
    text = folder.skill_md.decode("utf-8", "replace")
    why = causes(context.store, [version])[version.version]
    if as_json:
        print_json({**_facts(context, version), "files": _files(folder), "skill_md": text})
        return
    for name, value in {**_facts(context, version), "why": why}.items():
        say(f"{name:>14}  {one_line(value) if value is not None else '-'}")
    for file in _files(folder):
        mode = ", executable" if file["executable"] else ""
        say(f"{'file':>14}  {one_line(file['path'])} ({file['bytes']} bytes{mode})")
    say("")
    say(text)


def find_version(context: Context, ref: SkillRef, number: int | None) -> SkillVersion:
    """A version of a skill, the head by default. Raises NotFound."""
    versions = context.store.history(ref) if number else []
    for version in versions:
        if version.version == number:
            return version
    head = versions[-1] if versions else context.store.head(ref)
    if head is None:
        raise NotFound(f"{ref} is not in the store; see `hivemind-skillopt list`")
    if number:
        raise NotFound(f"{ref} has no v{number}; its head is v{head.version}")
    return head


def _facts(context: Context, version: SkillVersion) -> dict[str, object]:
    return {
        "ref": str(version.ref),
        "version": version.version,
        "sha256": version.content_sha256,
        "scope": version.scope.value,
        "policy": context.store.policy(version.ref).value,
        "contributors": ", ".join(version.contributors),
        "published_by": version.published_by,
        "published_at": iso(version.published_at),
        "description": version.description,
    }


def _files(folder: SkillFolder) -> list[dict[str, object]]:
    return [{"path": f.path, "bytes": len(f.data), "executable": f.executable} for f in folder.files]
