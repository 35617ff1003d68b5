"""SKILL.md as bytes: front matter, body, newline style. Nothing here ever re-renders YAML.

What the loop may change is the body; the front matter keeps its bytes. ruamel.yaml is imported when one is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import StringIO

from hivemind_skillopt.errors import SkillInvalid

MAX_YAML_CHARS = 16_384
"""Six times the longest of 579 real front matters; more is not parsed, so that no file can keep the worker busy."""
MAX_YAML_DEPTH = 32

_OPEN = r"\ufeff?---[ \t]*\r?\n"
_FENCE = re.compile(rf"{_OPEN}(?P<yaml>.*?)^---[ \t]*(?:\r?\n|\Z)", re.S | re.M)
_LOOSE_FENCE = re.compile(rf"{_OPEN}(?P<yaml>.*?)---[ \t]*(?:\r?\n)?", re.S)
"""Only where no line closes it: Claude Code and skills-ref end the front matter at the next dashes, wherever they are.
What they take for front matter must never be body here."""


@dataclass(frozen=True, slots=True)
class SkillMd:
    """`front + body` is the whole text, exactly. `yaml_at` is where the YAML lies in it (None: no front matter)."""

    front: str
    body: str
    yaml_at: tuple[int, int] | None

    @property
    def text(self) -> str:
        """The whole file."""
        return self.front + self.body

    @property
    def data(self) -> bytes:
        """The whole file, as bytes."""
        return self.text.encode("utf-8")

    @property
    def yaml(self) -> str:
        """The text between the fences, or ''."""
        return self.front[slice(*self.yaml_at)] if self.yaml_at else ""

    @property
    def newline(self) -> str:
        """`\\r\\n` only where every line end is one."""
        crlf = self.text.count("\r\n")
        return "\r\n" if crlf and crlf == self.text.count("\n") else "\n"

    def with_body(self, body: str) -> SkillMd:
        """The same front matter before another body."""
        return SkillMd(self.front, body, self.yaml_at)


def parse_skill_md(data: bytes) -> SkillMd:
    """Split the bytes. A file without front matter is all body. Raises SkillInvalid if it is no UTF-8."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise SkillInvalid("SKILL.md is not UTF-8 text") from None
    found = _FENCE.match(text) or _LOOSE_FENCE.match(text)
    if not found:
        return SkillMd("", text, None)
    return SkillMd(text[: found.end()], text[found.end() :], found.span("yaml"))


def front_matter(skill_md: SkillMd) -> dict[str, object] | None:
    """The front matter's keys, or None where there is none or it does not parse.

    Anchors and aliases count as "does not parse", as they do for the reference parser (skills-ref uses strictyaml):
    they can blow a small text up to any size.
    """
    if skill_md.yaml_at is None or len(skill_md.yaml) > MAX_YAML_CHARS:
        return None
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        loaded = YAML(typ="safe", pure=True).load(skill_md.yaml) if _is_plain(skill_md.yaml) else None
    except (YAMLError, ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError):
        return None  # YAMLError for bad YAML; the others leave ruamel.yaml for bad numbers, dates, keys and tags
    return {str(key): value for key, value in loaded.items()} if isinstance(loaded, dict) else None


def _is_plain(yaml: str) -> bool:
    """No anchor, no alias, no absurd depth. Reads events only, so it needs no recursion."""
    from ruamel.yaml import YAML
    from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent

    depth = 0
    for event in YAML(typ="safe", pure=True).parse(yaml):
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > MAX_YAML_DEPTH or getattr(event, "anchor", None):
            return False
    return True


def text_field(skill_md: SkillMd, key: str) -> str:
    """A front-matter value as one line of text, or ''."""
    value = (front_matter(skill_md) or {}).get(key)
    return " ".join(str(value).split()) if isinstance(value, str | int | float) else ""


def with_name(skill_md: SkillMd, name: str) -> SkillMd:
    """Replace only the bytes of the `name:` scalar.

    Unchanged where there is no such scalar, where the YAML does not parse, or where `name` would not be read back.
    """
    span = _name_span(skill_md)
    if span is None or skill_md.yaml_at is None:
        return skill_md
    front = skill_md.front[: span[0]] + name + skill_md.front[span[1] :]
    grown = len(front) - len(skill_md.front)
    renamed = SkillMd(front, skill_md.body, (skill_md.yaml_at[0], skill_md.yaml_at[1] + grown))
    return renamed if (front_matter(renamed) or {}).get("name") == name else skill_md


def _name_span(skill_md: SkillMd) -> tuple[int, int] | None:
    """Where the value of the top-level `name:` lies in the front matter, quotes included."""
    if skill_md.yaml_at is None or front_matter(skill_md) is None:
        return None
    from ruamel.yaml import YAML
    from ruamel.yaml.nodes import MappingNode, ScalarNode

    root = YAML(pure=True).compose(StringIO(skill_md.yaml))
    if not isinstance(root, MappingNode):
        return None
    for key, value in root.value:
        if key.value == "name" and isinstance(value, ScalarNode) and value.style not in ("|", ">"):
            start = skill_md.yaml_at[0]
            return start + value.start_mark.index, start + value.end_mark.index
    return None
