"""How results are printed: JSON for programs, rich for people (imported when there is something for them)."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from hivemind_skillopt.model import SECOND
from hivemind_skillopt.settings import Settings, without_credentials

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text


def console(*, err: bool = False) -> Console:
    """Standard output or error; plain where it is no terminal."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=False, stderr=err)


def at_a_terminal() -> bool:
    """Is somebody there to answer? A closed standard input or output is nobody."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def say(text: str, style: str | None = None, *, err: bool = False) -> None:
    """Text for a person; square brackets in it are text, and it cannot steer the terminal."""
    console(err=err).print(printable(text), style=style, markup=False, soft_wrap=True)


def warn(text: str) -> None:
    """A line beside the result, on standard error."""
    say(f"note: {one_line(text)}", "yellow", err=True)


def say_indented(text: str, style: str = "", indent: int = 4) -> None:
    """A paragraph under a heading, wrapped. Rich's padding would fill each line up with blanks, in a pipe too."""
    from rich.text import Text

    terminal = console()
    for line in Text(printable(text), style=style).wrap(terminal, max(1, terminal.width - indent)):
        line.rstrip()
        line.pad_left(indent if line else 0)
        terminal.print(line, soft_wrap=True)


def printable(text: str) -> str:
    """Control and other invisible characters as escapes: a skill's text must not write to the terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text)


def one_line(text: object) -> str:
    """A field of somebody's row as text that stays on its line."""
    return printable(" ".join(str(text).split()))


def print_json(value: object) -> None:
    """Indented; what is not ASCII as escapes, so that nothing in it can steer a terminal."""
    sys.stdout.write(json.dumps(value, indent=2) + "\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A plain table without a frame."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    console().print(table)


def _cell(value: object) -> Text:
    """Text, never markup: it may be a stranger's."""
    from rich.text import Text

    return Text("-" if value is None or value == "" else one_line(value))


def tilde(path: Path | str, settings: Settings) -> str:
    """A path for people, with `~` for their home."""
    text, home = str(path), f"{settings.home}/"
    return f"~/{text.removeprefix(home)}" if text.startswith(home) else text


def shown_store(settings: Settings) -> str:
    """The store's URL for people: no credentials, `~` for their home."""
    url = without_credentials(settings.store_url)
    file = url.removeprefix("sqlite:///")
    return tilde(file, settings) if file != url else url


def size(count: int) -> str:
    """Bytes in one unit."""
    for each, unit in ((1_000_000, "MB"), (1_000, "kB")):
        if count >= each:
            return f"{count / each:.1f} {unit}"
    return f"{count} bytes"


def iso(at: int | None) -> str | None:
    """ns as ISO-8601 UTC."""
    return None if at is None else datetime.fromtimestamp(at // SECOND, UTC).isoformat().replace("+00:00", "Z")


def ago(at: int, now: int) -> str:
    """How long ago, in one unit."""
    return f"{span(now - at)} ago"


def span(duration: int) -> str:
    """A duration (ns) in one unit."""
    seconds = max(0, duration) // SECOND
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
