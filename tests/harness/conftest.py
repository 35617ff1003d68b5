"""Fixtures of the tests that run the real harness."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.harness.claude_code import find_claude, missing_claude
from tests.harness.fake_model import FakeModel, Policy, ScriptedAgent
from tests.harness.requirements import require
from tests.harness.world import PROPOSAL, VERDICT, World


@pytest.fixture
def new_world(tmp_path: Path) -> Iterator[Callable[[Policy], tuple[World, FakeModel]]]:
    """Makes a machine whose model follows a policy; the model server ends with the test."""
    binary = find_claude()
    if binary is None:
        require(missing_claude())
    with ExitStack() as stack:

        def make(policy: Policy) -> tuple[World, FakeModel]:
            model = stack.enter_context(FakeModel(policy))
            return World(tmp_path, binary, model.url), model

        yield make


@pytest.fixture
def agent() -> ScriptedAgent:
    """Uses deploy--alice for 'deploy', with a judge that blames the skill and a proposer that mends it."""
    return ScriptedAgent(skill_for={"please deploy": ["deploy--alice"]}, judge=VERDICT, proposer=PROPOSAL)
