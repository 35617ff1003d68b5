"""A `skills_active` row of the `sessions` table, in the original's format.

Unlike the original's its message has no cwd: no path of a person's machine reaches the store.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from hivemind_skillopt import __version__
from hivemind_skillopt.errors import SkillInvalid
from hivemind_skillopt.model import ActiveSkill, Attribution, SkillRef
from hivemind_skillopt.store.rows import BROKEN_CELL, Row, damaged, storable
from hivemind_skillopt.store.times import from_iso, to_iso

SKILLS_ACTIVE = "skills_active"
"""The message's type and the row's description."""


def attribution_row(org: str, attribution: Attribution) -> Row:
    """The row; its id is the message's id."""
    started_at = to_iso(attribution.started_at)
    message = _message(attribution, started_at)
    path = _path_start(org, attribution.user) + f"{attribution.workspace}_{attribution.session_id}.json"
    row = {
        "id": attribution.id,
        "path": path,
        "filename": path.rpartition("/")[2],
        "message": message.decode(),
        "author": attribution.user,
        "mime_type": "application/json",
        "project": attribution.project,
        "description": SKILLS_ACTIVE,
        "agent": attribution.harness,
        "plugin_version": __version__,
        "creation_date": started_at,
        "last_update_date": started_at,
        "org": org,
    }
    return {name: storable(text) for name, text in row.items()} | {"size_bytes": len(message)}


def attribution_from_row(row: Mapping[str, object]) -> Attribution:
    """The attribution back. Raises StoreError."""
    try:
        return _attribution(row)
    except (SkillInvalid, *BROKEN_CELL):
        raise damaged(Attribution, row, "message") from None


def _attribution(row: Mapping[str, object]) -> Attribution:
    """The workspace stands in the path only."""
    message = json.loads(str(row["message"]))
    user, session_id = str(row["author"]), message["session_id"]
    start = _path_start(str(row["org"]), user)
    return Attribution(
        id=str(row["id"]),
        harness=str(row["agent"]),
        session_id=session_id,
        skills=tuple(_active_skill(skill) for skill in message["skills"]),
        ab_bucket=message["ab_bucket"],
        user=user,
        workspace=str(row["path"]).removeprefix(start).removesuffix(f"_{storable(session_id)}.json"),
        project=str(row["project"]),
        started_at=from_iso(str(row["creation_date"])),
    )


def _path_start(org: str, user: str) -> str:
    return f"/{SKILLS_ACTIVE}/{user}/{user}_{org}_"


def _message(attribution: Attribution, started_at: str) -> bytes:
    """JSON."""
    from pydantic_core import to_json

    skills = [
        {
            "name": skill.ref.name,
            "author": skill.ref.author,
            "version": skill.version,
            "content_sha256": skill.content_sha256,
            "modified": skill.modified,
        }
        for skill in attribution.skills
    ]
    return to_json(
        {
            "id": attribution.id,
            "session_id": storable(attribution.session_id),
            "hook_event_name": "SessionStart",
            "timestamp": started_at,
            "type": SKILLS_ACTIVE,
            "skills": skills,
            "skills_count": len(skills),
            "ab_bucket": attribution.ab_bucket,
        }
    )


def _active_skill(skill: Mapping[str, object]) -> ActiveSkill:
    ref = SkillRef(str(skill["name"]), str(skill["author"]))
    return ActiveSkill(ref, int(str(skill["version"])), str(skill["content_sha256"]), bool(skill["modified"]))
