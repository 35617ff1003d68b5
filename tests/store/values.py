"""Values that the store's tests are about: small, valid, and easy to change with keywords."""

from __future__ import annotations

from typing import Any

from hivemind_skillopt.model import (
    DAY,
    SECOND,
    ActiveSkill,
    Attribution,
    Check,
    Edit,
    ExpectedOutcome,
    Invocation,
    Op,
    Outcome,
    Proposal,
    ProposalStatus,
    Provenance,
    Publication,
    Result,
    SkillFile,
    SkillFolder,
    SkillRef,
    Usage,
    Verdict,
    VersionSource,
)

DEPLOY = SkillRef("deploy", "alice")
LINT = SkillRef("lint--fast", "bob")
NOBODY = SkillRef("nobody", "knows")
NOON = 20_000 * DAY + DAY // 2 + 123_456_789
"""A day's noon, with a fraction that microseconds cannot hold."""

HOUR = 3600 * SECOND
USAGE = Usage("claude_code", "haiku", 2, 1000, 50, 0.0125)


def folder(body: str = "Ask first.\n", description: str = "Deploys things", **files: bytes) -> SkillFolder:
    """A SKILL.md, a script, and more files by keyword (`notes_md` is notes.md)."""
    skill_md = f"---\nname: deploy--alice\ndescription: {description}\n---\n\n{body}".encode()
    more = [SkillFile(name.replace("_", "."), data) for name, data in files.items()]
    return SkillFolder((SkillFile("SKILL.md", skill_md), SkillFile("bin/go.sh", b"#!/bin/sh\n", True), *more))


def publication(body: str = "Ask first.\n", parent: str | None = None, **changes: Any) -> Publication:
    """By alice, at noon, on `parent`."""
    values = {"ref": DEPLOY, "folder": folder(body), "published_by": "alice", "published_at": NOON}
    return Publication(**values | {"parent_sha256": parent} | changes)


def proposal(number: int = 1, **changes: Any) -> Proposal:
    """Open, with everything in it."""
    values = {
        "id": f"proposal-{number}",
        "ref": DEPLOY,
        "parent_version": 1,
        "parent_sha256": "0" * 64,
        "invocation_id": f"invocation-{number}",
        "reaction_id": f"reaction-{number}",
        "verdict_id": f"verdict-{number}",
        "edits": (Edit(Op.REPLACE, "Ask first.", "Ask before you push; é \ud800"), Edit(Op.APPEND, None, "More.")),
        "root_cause": "it says nothing about the port",
        "generality": "any deploy",
        "expected": ExpectedOutcome("fewer corrections", "2 weeks", "roll back"),
        "checks": (Check("body_changed", Result.PASS, "the body changed"), Check("floor", Result.HOLD, "too low")),
        "status": ProposalStatus.OPEN,
        "proposed_by": "carol",
        "proposed_at": NOON + number,
        "usage": USAGE,
    }
    return Proposal(**values | changes)


def invocation(number: int = 1, **changes: Any) -> Invocation:
    """Of v1, as the disk had it."""
    values = {
        "id": f"invocation-{number}",
        "harness": "claude_code",
        "session_id": "session",
        "ref": DEPLOY,
        "version": 1,
        "content_sha256": "1" * 64,
        "version_source": VersionSource.DISK,
        "provenance": Provenance.TOOL,
        "modified": False,
        "user": "carol",
        "project": "shop",
        "invoked_at": NOON + number,
    }
    return Invocation(**values | changes)


def verdict(number: int = 1, **changes: Any) -> Verdict:
    """A skill_fault with a quote."""
    values = {
        "id": f"verdict-{number}",
        "invocation_id": f"invocation-{number}",
        "reaction_ids": ("reaction-0", f"reaction-{number}"),
        "ref": DEPLOY,
        "version": 1,
        "content_sha256": "1" * 64,
        "version_source": VersionSource.TRANSCRIPT,
        "outcome": Outcome.SKILL_FAULT,
        "confidence": 0.85,
        "reason": "the skill names the wrong port",
        "quote": "no, the port is 8080",
        "prompt_version": 1,
        "usage": None,
        "judged_at": NOON + number,
    }
    return Verdict(**values | changes)


def attribution(number: int = 1, **changes: Any) -> Attribution:
    """Two skills on disk, one edited."""
    values = {
        "id": f"attribution-{number}",
        "harness": "codex",
        "session_id": f"session_{number}",
        "skills": (ActiveSkill(DEPLOY, 3, "3" * 64), ActiveSkill(LINT, 1, "1" * 64, modified=True)),
        "ab_bucket": 1,
        "user": "carol",
        "workspace": "dev_1",
        "project": "shop",
        "started_at": NOON + number,
    }
    return Attribution(**values | changes)
