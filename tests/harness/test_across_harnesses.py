"""What one harness taught a skill, all others have: real Codex, Claude Code, pi and Hermes on one machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.model_policy import Request
from tests.harness.office import open_office
from tests.harness.test_loop import store_of, versions
from tests.harness.world import NEW_LINE, PUSHBACK

pytestmark = pytest.mark.real_cli

LISTED = "deploy the service. Use when the user asks for deploy."
"""The description of deploy--alice, wherever a harness lists its skills."""


def told(request: Request) -> str:
    """All that the model was told."""
    return request.system + "\n".join(block.text for message in request.messages for block in message.blocks)


def test_what_a_codex_session_taught_is_used_in_the_next_session_of_every_harness(tmp_path: Path) -> None:
    with open_office(tmp_path) as (office, story):
        office.set_up("deploy")
        session = office.codex.prompt("please deploy the service").session_id
        office.codex.prompt(PUSHBACK, resume=session)
        office.settle()
        assert versions(office) == [1, 2]
        for harness, root in office.roots.items():
            assert NEW_LINE in (root / "deploy--alice" / "SKILL.md").read_text(), harness
        office.claude.prompt("please deploy the service")
        office.pi.prompt("please deploy the service")
        office.hermes.prompt("please deploy the service")
        office.wake()
        used = {row.harness: row.version for row in store_of(office).invocations()}
        assert used == {"codex": 1, "claude_code": 2, "pi": 2, "hermes": 2}
        for harness in office.roots:
            assert told(story.asked[harness][0]).count(LISTED) == 1, f"{harness} lists it once"
        for harness in ("claude_code", "pi", "hermes"):
            assert NEW_LINE in told(story.asked[harness][-1]), f"{harness} loads what Codex's session taught"
