"""Which SKILL.md did Claude Code load? It writes the rendered body into the transcript; here it is compared.

Rendered = `Base directory for this skill: <dir>`, an empty line, the body with its placeholders replaced,
and `ARGUMENTS: ...` where there were arguments and no placeholder for them (seen in 2.1.197).
"""

from __future__ import annotations

import re

BASE_DIRECTORY = "Base directory for this skill: "
ARGUMENTS = "\n\nARGUMENTS: "

_FRONT_MATTER = re.compile(r"(?>---\s*\n)[\s\S]*?---\s*\n?")
"""The program's own expression: the closing dashes are not tied to a line's beginning. Only the group is ours: it
matches the same and keeps a run of empty lines linear."""

_PLACEHOLDER = re.compile(
    r"\\?\$ARGUMENTS(?:\[\d+\])?|\\?\$\d+(?!\w)|\$\{CLAUDE_[A-Z_]+\}|\\?\$[a-z][a-z0-9_-]*|!`[^`\n]*`|```![\s\S]*?```"
)
"""What the program replaces: arguments, its own variables, named arguments, and shell commands' output."""


def split_rendered(rendered: str) -> tuple[str, str] | None:
    """The skill's directory and the rendered body; None where this is no rendered skill."""
    line, empty, body = rendered.partition("\n\n")
    if not empty or not line.startswith(BASE_DIRECTORY) or "\n" in line:
        return None
    return line.removeprefix(BASE_DIRECTORY), body


def renders_as(skill_md: str, rendered: str) -> bool:
    """Can this SKILL.md have been rendered to that body? Placeholders match anything, the rest must be equal."""
    front_matter = _FRONT_MATTER.match(skill_md)
    body = skill_md[front_matter.end() :] if front_matter else skill_md
    first, *others = _PLACEHOLDER.split(body)
    if not rendered.startswith(first):
        return False
    if not others:
        return _is_end(rendered[len(first) :])
    return _fits(others, rendered, len(first))


def _fits(parts: list[str], rendered: str, position: int) -> bool:
    """The literal parts in their order, each as early as possible; the last one at the end."""
    *middle, last = parts
    for part in middle:
        found = rendered.find(part, position)
        if found < 0:
            return False
        position = found + len(part)
    if rendered.endswith(last) and len(rendered) - len(last) >= position:
        return True
    return rendered.find(last + ARGUMENTS, position) >= 0


def _is_end(rest: str) -> bool:
    return not rest or rest.startswith(ARGUMENTS)
