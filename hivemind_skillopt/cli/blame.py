"""`blame`: of each line the version that brought it, and the words of a user that led to it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import click

from hivemind_skillopt.cli.context import Context
from hivemind_skillopt.cli.options import RefType, VersionType, as_json
from hivemind_skillopt.cli.origins import Origin, facts, find_origins, heading, reasons
from hivemind_skillopt.cli.output import console, one_line, print_json, printable, say, say_indented, warn
from hivemind_skillopt.cli.show import find_version
from hivemind_skillopt.errors import NotFound, SkillInvalid, SkillOptError
from hivemind_skillopt.lineage import FileText, TracedLine, trace
from hivemind_skillopt.model import SkillFolder, SkillRef, SkillVersion

Numbered = tuple[int, TracedLine]
"""A line and its number, from 1."""


@click.command("blame", short_help="Why each line is there: version and reaction.")
@click.argument("ref", type=RefType())
@click.argument("number", type=VersionType(), required=False, metavar="[vN]")
@click.option("--file", "path", default="SKILL.md", help="Another text file of the skill (default: SKILL.md).")
@as_json
def command(ref: SkillRef, number: int | None, path: str, as_json: bool) -> None:
    """Explain every line of REF (name--author): who brought it, when, and because of which reaction.

    Lines are those of the head, or of vN. A rollback brings no lines: they keep the origins that they had in the
    version that it went back to. A line that only moved keeps its origin, too.
    """
    context = Context()
    asked = find_version(context, ref, number)
    versions = [version for version in context.store.history(ref) if version.version <= asked.version]
    lines = trace(_texts(context, versions, path))
    brought = {line.version for line in lines}
    origins = find_origins(context.store, [version for version in versions if version.version in brought])
    if as_json:
        print_json([_facts(number, line, origins[line.version]) for number, line in enumerate(lines, start=1)])
        return
    say(f"{ref} v{asked.version}, {one_line(path)}", "bold")
    for version in versions:
        if version.reverts_version:
            say(f"v{version.version} went back to v{version.reverts_version} and brought no line of its own", "dim")
    _print(lines, origins)


def _texts(context: Context, versions: Sequence[SkillVersion], path: str) -> list[FileText]:
    """The file in each version. Of the last one it must be there; an older one that is unreadable is left out."""
    *older, asked = versions
    texts = {asked.content_sha256: _text(context.store.folder(asked.ref, asked.version), path)}
    found = []
    for version in older:
        try:
            if version.content_sha256 not in texts:
                folder = context.store.folder(version.ref, version.version)
                texts[version.content_sha256] = _old_text(folder, path)
        except SkillOptError as error:
            warn(f"{error}; what v{version.version} brought is shown as the next version's")
            continue
        found.append(FileText(version.version, texts[version.content_sha256], version.reverts_version))
    return [*found, FileText(asked.version, texts[asked.content_sha256], asked.reverts_version)]


def _text(folder: SkillFolder, path: str) -> str:
    """Raises NotFound for no such file, SkillInvalid for one that is no text."""
    data = {file.path: file.data for file in folder.files}
    if path not in data:
        raise NotFound(f"the skill has no file {path!a}; it has {', '.join(ascii(name) for name in sorted(data)[:20])}")
    try:
        return data[path].decode("utf-8")
    except UnicodeDecodeError:
        raise SkillInvalid(f"the file {path!a} is no UTF-8 text, so it has no lines to explain") from None


def _old_text(folder: SkillFolder, path: str) -> str:
    """No file, or no text: no lines."""
    try:
        return _text(folder, path)
    except SkillOptError:
        return ""


def _facts(number: int, line: TracedLine, origin: Origin) -> dict[str, object]:
    return {"line": number, "text": line.text, **facts(origin)}


def _print(lines: Sequence[TracedLine], origins: dict[int, Origin]) -> None:
    """Groups of lines; each origin is explained where it comes first."""
    explained: set[int] = set()
    width = len(str(len(lines)))
    for version, group in groupby(enumerate(lines, start=1), key=lambda numbered: numbered[1].version):
        say("")
        if version in explained:
            say(f"v{version}  (see above)", "cyan")
        else:
            _explain(origins[version])
            explained.add(version)
        _print_lines(list(group), width)


def _explain(origin: Origin) -> None:
    say(heading(origin), "cyan")
    for reason in reasons(origin):
        say_indented(reason, "italic" if reason.startswith("because") else "")


def _print_lines(group: Sequence[Numbered], width: int) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", width=width + 4, style="dim")
    table.add_column(overflow="fold")
    for number, line in group:
        table.add_row(f"{number} |", Text(printable(line.text)))
    console().print(table)
