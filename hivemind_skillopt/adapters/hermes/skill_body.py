"""Which SKILL.md did Hermes load? Its tool gives the whole file; `/skill` puts it, stripped, into the prompt.

In both, `${HERMES_SKILL_DIR}` and `${HERMES_SESSION_ID}` are replaced, and with `skills.inline_shell` so are the
outputs of !`commands`.
"""

from __future__ import annotations

import re

_PLACEHOLDER = re.compile(r"\$\{(?:HERMES_SKILL_DIR|HERMES_SESSION_ID)\}|!`[^`\n]+`")


def renders_as(skill_md: str, body: str) -> bool:
    """Can this SKILL.md have become that text? Placeholders match anything, the rest must be equal."""
    first, *others = _PLACEHOLDER.split(_normal(skill_md))
    text = _normal(body)
    if not others:
        return text == first
    return text.startswith(first) and _fits(others, text, len(first))


def _normal(text: str) -> str:
    """Python reads every line end as LF; what surrounds the text is not kept in a prompt."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _fits(parts: list[str], text: str, position: int) -> bool:
    """The literal parts in their order, each as early as possible; the last one at the end."""
    *middle, last = parts
    for part in middle:
        found = text.find(part, position)
        if found < 0:
            return False
        position = found + len(part)
    return text.endswith(last) and len(text) - len(last) >= position
