"""Attribution: the deterministic A/B bucket and the `skills_active` row. Pure."""

from __future__ import annotations

from hivemind_skillopt.model import ActiveSkill, Attribution, derived_id

FNV_OFFSET = 0x811C9DC5
FNV_PRIME = 0x01000193
"""FNV-1a, 32 bits."""


def ab_bucket(session_id: str) -> int:
    """0 or 1: FNV-1a 32 over the UTF-16 units, abs of the signed value, mod 2.

    Exactly as the original system, so that old and new rows agree.
    """
    units = session_id.encode("utf-16-le", "surrogatepass")
    value = FNV_OFFSET
    for low, high in zip(units[::2], units[1::2], strict=True):
        value = ((value ^ (low | high << 8)) * FNV_PRIME) & 0xFFFFFFFF
    signed = value - 0x1_0000_0000 if value & 0x8000_0000 else value
    return abs(signed) % 2


def attribution_id(org: str, harness: str, session_id: str) -> str:
    """One row per session, however often it is started, resumed or compacted."""
    return derived_id("attribution", org, harness, session_id)


def attribution(
    *,
    org: str,
    harness: str,
    session_id: str,
    skills: list[ActiveSkill],
    user: str,
    workspace: str,
    project: str,
    started_at: int,
) -> Attribution:
    """The row of a session; skills sorted, each ref once."""
    return Attribution(
        id=attribution_id(org, harness, session_id),
        harness=harness,
        session_id=session_id,
        skills=tuple(sorted({skill.ref: skill for skill in skills}.values(), key=lambda skill: skill.ref)),
        ab_bucket=ab_bucket(session_id),
        user=user,
        workspace=workspace,
        project=project,
        started_at=started_at,
    )
