"""The demo's material: a skill with a fault, a short conversation, and the scripted model's answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

REF = "deploy--alice"
SESSION = "5e551011-0000-4000-8000-00000000demo"

SKILL = """\
---
name: deploy
description: Deploy the service. Use when the user asks to deploy.
---

# Deploy

1. Build the service.
2. Deploy it to production.
3. Tell the user that it is live.
"""

WISH = "please deploy the service so that I can test the new login"
REACTION = "no, you deployed to production! always ask which environment first"

JUDGE_ANSWER = {
    "outcome": "skill_fault",
    "confidence": 0.92,
    "reason": "Step 2 names production without asking for the environment; the user wanted to test.",
    "quote": "always ask which environment first",
}

PROPOSER_ANSWER = {
    "root_cause": "the skill deploys to production without asking for the environment",
    "generality": "every deployment whose target the user did not name",
    "expected": {
        "signal": "users no longer complain about the environment",
        "horizon": "the next 20 uses",
        "fallback": "roll back to version 1",
    },
    "edits": [
        {
            "op": "replace",
            "target": "2. Deploy it to production.",
            "content": "2. Always ask the user which environment first, then deploy it there.",
        }
    ],
    "no_change_reason": None,
}

SCRIPT = {
    "judge": [{"when": "always ask which environment", "answer": JUDGE_ANSWER}],
    "proposer": [{"answer": PROPOSER_ANSWER}],
}


@dataclass(frozen=True, slots=True)
class Transcript:
    """What Claude Code would have written by the time the user reacts."""

    path: Path
    skill_folder: Path

    def write(self) -> None:
        """Four records, chained as the real ones are."""
        self.path.parent.mkdir(parents=True)
        body = (self.skill_folder / "SKILL.md").read_text().split("---\n", 2)[2].lstrip("\n")
        loaded = f"Base directory for this skill: {self.skill_folder}\n\n{body}"
        call = [{"type": "tool_use", "id": "toolu_demo", "name": "Skill", "input": {"skill": REF}}]
        records: list[dict[str, object]] = [
            {"type": "user", "promptId": "prompt-1", "message": {"role": "user", "content": WISH}},
            {"type": "assistant", "message": {"role": "assistant", "content": call}},
            {
                "type": "user",
                "isMeta": True,
                "sourceToolUseID": "toolu_demo",
                "message": {"role": "user", "content": [{"type": "text", "text": loaded}]},
            },
            {"type": "assistant", "message": {"content": [{"type": "text", "text": "Deployed to production."}]}},
        ]
        chained = [
            {"uuid": f"u{i}", "parentUuid": f"u{i - 1}" if i else None, **record} for i, record in enumerate(records)
        ]
        self.path.write_text("".join(json.dumps(record) + "\n" for record in chained))
