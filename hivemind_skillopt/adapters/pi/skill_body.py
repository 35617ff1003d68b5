"""Which SKILL.md did pi load? `read` gives the file as it is, `/skill:NAME` what is below its front matter."""

from __future__ import annotations

BOM = "\ufeff"


def renders_as(skill_md: str, body: str) -> bool:
    """Can pi have made `body` of this SKILL.md?"""
    return body == skill_md or body.strip() == _below_front_matter(skill_md).strip()


def _below_front_matter(text: str) -> str:
    """As the program cuts it (seen in 0.74.2 and 0.87.1): up to the first line that begins with three dashes."""
    plain = text.removeprefix(BOM).replace("\r\n", "\n").replace("\r", "\n")
    end = plain.find("\n---", 3)
    return plain[end + 4 :] if plain.startswith("---") and end >= 0 else plain
