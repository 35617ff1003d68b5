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
from hivemind_skillopt.model import SkillFile, SkillFolder, SkillRef

MODES = {False: "plain", True: "executable"}
MAX_LINES = 20_000
"""Of a file in both versions together: the time that comparing takes grows with the square."""

STYLES = {"+": "green", "-": "red", "@": "cyan", "F": "yellow", "M": "yellow"}


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
    before = find_version(context, ref, old).version if old else _before(context, ref, after)
    text = folder_diff(context.store.folder(ref, before), context.store.folder(ref, after), f"v{before}", f"v{after}")
    if as_json:
        print_json({"ref": str(ref), "from": before, "to": after, "diff": text})
    elif not text:
        say(f"no difference between v{before} and v{after}")
    else:
        print_diff(text)


def _before(context: Context, ref: SkillRef, version: int) -> int:
    """The one before it. Raises NotFound."""
    earlier = [known.version for known in context.store.history(ref) if known.version < version]
    if not earlier:
        raise NotFound(f"{ref} v{version} is the first version; see `hivemind-skillopt show {ref}`")
    return earlier[-1]


def folder_diff(before: SkillFolder, after: SkillFolder, old: str, new: str) -> str:
    """A unified diff over all files, SKILL.md first; of one that is no text, that it came, went or changed."""
    was, now = ({file.path: file for file in folder.files} for folder in (before, after))
    paths = sorted({*was, *now}, key=lambda path: (path != "SKILL.md", path))
    return "".join(_file_diff(path, was.get(path), now.get(path), old, new) for path in paths)


def _file_diff(path: str, before: SkillFile | None, after: SkillFile | None, old: str, new: str) -> str:
    """Of one file, with its mode."""
    if before == after:
        return ""
    mode = _mode_change(path, before, after, old, new)
    if before and after and before.data == after.data:
        return mode
    text = _text_diff(path, before, after, old, new)
    return mode + (text or f"File {path}: {_size(before)} in {old}, {_size(after)} in {new}\n")


def _mode_change(path: str, before: SkillFile | None, after: SkillFile | None, old: str, new: str) -> str:
    """A script that became one, or is one from the start, is worth a line."""
    if before and after and before.executable != after.executable:
        return f"Mode of {path}: {MODES[before.executable]} in {old}, {MODES[after.executable]} in {new}\n"
    return f"Mode of {path}: {MODES[True]} in {new}\n" if after and not before and after.executable else ""


def _text_diff(path: str, before: SkillFile | None, after: SkillFile | None, old: str, new: str) -> str:
    """'' for what is no text, has no lines, or too many. A file that came or went is compared with /dev/null."""
    try:
        was, now = (file.data.decode("utf-8").splitlines(keepends=True) if file else [] for file in (before, after))
    except UnicodeDecodeError:
        return ""
    if len(was) + len(now) > MAX_LINES:
        return ""
    lines = difflib.unified_diff(
        was, now, f"{path} {old}" if before else "/dev/null", f"{path} {new}" if after else "/dev/null"
    )
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _size(file: SkillFile | None) -> str:
    return f"{len(file.data)} bytes" if file else "absent"


def print_diff(text: str) -> None:
    """Coloured by line."""
    for line in text.split("\n")[:-1]:
        bold = "bold " if line.startswith(("+++ ", "--- ")) else ""
        console().print(Text(printable(line), style=bold + STYLES.get(line[:1], "default")), soft_wrap=True)
