"""SKILL.md as bytes: front matter, body, newline style. Nothing here ever re-renders YAML.

What the loop may change is the body; the front matter keeps its bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import StringIO

from ruamel.yaml import YAML, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode

from hivemind_skillopt.errors import SkillInvalid

_FENCE = re.compile(r"(?P<bom>\ufeff?)(?P<open>---[ \t]*\r?\n)(?P<yaml>.*?)(?P<close>^---[ \t]*(?:\r?\n|\Z))", re.S | re.M)


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
    found = _FENCE.match(text)
    if not found:
        return SkillMd("", text, None)
    return SkillMd(text[: found.end()], text[found.end() :], found.span("yaml"))


def front_matter(skill_md: SkillMd) -> dict[str, object] | None:
    """The front matter's keys, or None where there is none or it does not parse."""
    try:
        loaded = YAML(typ="safe", pure=True).load(skill_md.yaml) if skill_md.yaml_at else None
    except (YAMLError, ValueError):
        return None
    return {str(key): value for key, value in loaded.items()} if isinstance(loaded, dict) else None


def text_field(skill_md: SkillMd, key: str) -> str:
    """A front-matter value as one line of text, or ''."""
    value = (front_matter(skill_md) or {}).get(key)
    return " ".join(str(value).split()) if isinstance(value, str | int | float) else ""


def with_name(skill_md: SkillMd, name: str) -> SkillMd:
    """Replace only the bytes of the `name:` scalar. Unchanged where there is no such scalar or YAML does not parse."""
    span = _name_span(skill_md)
    if span is None:
        return skill_md
    front = skill_md.front[: span[0]] + name + skill_md.front[span[1] :]
    assert skill_md.yaml_at is not None
    grown = len(front) - len(skill_md.front)
    return SkillMd(front, skill_md.body, (skill_md.yaml_at[0], skill_md.yaml_at[1] + grown))


def _name_span(skill_md: SkillMd) -> tuple[int, int] | None:
    """Where the value of the top-level `name:` lies in the front matter, quotes included."""
    if skill_md.yaml_at is None or front_matter(skill_md) is None:
        return None
    root = YAML(pure=True).compose(StringIO(skill_md.yaml))
    if not isinstance(root, MappingNode):
        return None
    for key, value in root.value:
        if key.value == "name" and isinstance(value, ScalarNode) and value.style not in ("|", ">"):
            start = skill_md.yaml_at[0]
            return start + value.start_mark.index, start + value.end_mark.index
    return None
