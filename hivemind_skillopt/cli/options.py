"""Options that several verbs share, so that they are spelled and explained once."""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

import click

from hivemind_skillopt.errors import SkillInvalid
from hivemind_skillopt.model import SkillRef

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
dry_run = click.option("--dry-run", is_flag=True, help="Say what would be done, change nothing.")


Word = TypeVar("Word", bound=StrEnum)


class WordType(click.ParamType[Word]):
    """One of a few words, as its enum's member."""

    name = "word"

    def __init__(self, words: type[Word], *, without: Collection[Word] = ()) -> None:
        self._words = {word.value: word for word in words if word not in without}

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002  click's signature
        """The choice, for `--help`."""
        return f"[{'|'.join(self._words)}]"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Word:
        """Another word is a usage error."""
        try:
            return self._words[str(value)]
        except KeyError:
            self.fail(f"'{value}' is not one of {', '.join(self._words)}", param, ctx)


class RefType(click.ParamType[SkillRef]):
    """`name--author`."""

    name = "ref"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> SkillRef:
        """A wrong reference is a usage error."""
        try:
            return value if isinstance(value, SkillRef) else SkillRef.parse(str(value))
        except SkillInvalid as error:
            self.fail(str(error), param, ctx)


class VersionType(click.ParamType[int]):
    """`3` or `v3`."""

    name = "version"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """A wrong number is a usage error."""
        text = str(value).removeprefix("v")
        if not text.isdecimal() or int(text) < 1:
            self.fail(f"'{value}' is no version; write 3 or v3", param, ctx)
        return int(text)


class DurationType(click.ParamType[int]):
    """`90s`, `30m`, `2h`, `1d`, as seconds."""

    name = "duration"
    _SECONDS = MappingProxyType({"s": 1, "m": 60, "h": 3_600, "d": 86_400})

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Another text is a usage error."""
        found = re.fullmatch(r"(\d{1,6})([smhd])", str(value).lower())
        if not found or int(found[1]) < 1:
            self.fail(f"'{value}' is no duration; write 30m, 2h or 1d", param, ctx)
        return int(found[1]) * self._SECONDS[found[2]]
