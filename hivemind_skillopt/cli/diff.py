"""`diff`: what changed between two versions."""

from __future__ import annotations

import difflib

import click
from rich.text import Text

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.options import RefType, VersionType, as_json
from hivemind_skillopt.cli.output import console, print_json, printable, say
from hivemind_skillopt.cli.show import find_version
from hivemind_skillopt.errors import NotFound
from hivemind_skillopt.model import SkillFolder, SkillRef

STYLES = {"+": "green", "-": "red", "@": "cyan"}


@click.command("diff", short_help="What changed between two versions.")
@click.argument("ref", type=RefType())
@click.argument("old", type=VersionType(), required=False, metavar="[vA]")
@click.argument("new", type=VersionType(), required=False, metavar="[vB]")
@as_json
def command(ref: SkillRef, old: int | None, new: int | None, as_json: bool) -> None:
    """Show what changed in REF (name--author) between vA and vB.

    Without versions: the head against the version before it. With one: that version against the head.
    """
    context = Context()
    after = find_version(context, ref, new).version
    if old is None and after == 1:
        raise NotFound(f"{ref} has one version only; see `hivemind-skillopt show {ref}`")
    before = find_version(context, ref, old).version if old else after - 1
    text = folder_diff(context.store.folder(ref, before), context.store.folder(ref, after), f"v{before}", f"v{after}")
    if as_json:
        print_json({"ref": str(ref), "from": before, "to": after, "diff": text})
    elif not text:
        say(f"no difference between v{before} and v{after}")
    else:
        print_diff(text)


def folder_diff(before: SkillFolder, after: SkillFolder, old: str, new: str) -> str:
    """A unified diff over all files; of a file that is no text, only that it changed."""
    files = [{file.path: file.data for file in folder.files} for folder in (before, after)]
    parts = [
        _file_diff(path, files[0].get(path), files[1].get(path), old, new) for path in sorted({*files[0], *files[1]})
    ]
    return "".join(parts)


def _file_diff(path: str, before: bytes | None, after: bytes | None, old: str, new: str) -> str:
    if before == after:
        return ""
    try:
        was, now = ((data or b"").decode("utf-8").splitlines(keepends=True) for data in (before, after))
    except UnicodeDecodeError:
        return f"Binary file {path} differs\n"
    lines = difflib.unified_diff(was, now, f"{path} {old}", f"{path} {new}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def print_diff(text: str) -> None:
    """Coloured by line."""
    for line in text.split("\n")[:-1]:
        bold = "bold " if line.startswith(("+++ ", "--- ")) else ""
        console().print(Text(printable(line), style=bold + STYLES.get(line[:1], "default")), soft_wrap=True)
