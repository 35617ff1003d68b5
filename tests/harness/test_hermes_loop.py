"""The main job with the real Hermes: used -> pushback -> version 2 on disk, with Hermes itself as the scorer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.hermes_world import hermes_world
from tests.harness.test_loop import assert_whole_story, store_of
from tests.harness.world import PUSHBACK

pytestmark = pytest.mark.real_cli


def test_the_model_uses_the_skill_and_the_user_pushes_back(tmp_path: Path) -> None:
    with hermes_world(tmp_path) as (world, model):
        world.set_up("deploy")
        session = world.hermes.prompt("please deploy the service").session_id
        answer = world.hermes.prompt(PUSHBACK, resume=session)
        assert (answer.returncode, answer.session_id) == (0, session)
        assert_whole_story(world, model, session, "tool")
        assert world.hermes.sessions() == [session]
        assert {row.session_id for row in store_of(world).attributions()} == {session}
