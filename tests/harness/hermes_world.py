"""One person's machine with the real Hermes on it."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.harness.fake_model import FakeModel, Policy, ScriptedAgent
from tests.harness.hermes import Hermes, find_hermes, missing_hermes
from tests.harness.model_policy import ToolCall
from tests.harness.requirements import require
from tests.harness.world import PROPOSAL, VERDICT, World


def view_skill(name: str) -> ToolCall:
    """How Hermes' model uses a skill."""
    return "skill_view", {"name": name}


def run_terminal(command: str) -> ToolCall:
    """How Hermes' model runs a shell command."""
    return "terminal", {"command": command}


def story() -> ScriptedAgent:
    """Uses deploy--alice for 'deploy', with a judge that blames the skill and a proposer that mends it."""
    return ScriptedAgent(
        skill_for={"please deploy": ["deploy--alice"]}, judge=VERDICT, proposer=PROPOSAL,
        use_skill=view_skill, use_shell=run_terminal,
    )  # fmt: skip


@dataclass
class HermesWorld(World):
    """`hermes` is on the PATH, as the scorer needs it."""

    def __post_init__(self) -> None:
        self.home.mkdir()
        self.project.mkdir()
        self.hermes.set_up()

    @property
    def hermes(self) -> Hermes:
        """As it is now: `extra_env` may change between prompts."""
        path = f"{self.binary.parent}{os.pathsep}{os.environ['PATH']}"
        environ = {"PATH": path, "HIVEMIND_USER": "alice", **self.extra_env}
        return Hermes(self.binary, self.home, self.project, self.model_url, environ)

    @property
    def environ(self) -> dict[str, str]:
        return self.hermes.env()

    @property
    def skills(self) -> Path:
        return self.hermes.config / "org-skills"

    def profile(self, name: str) -> HermesWorld:
        """The same machine for what runs with that profile's home."""
        home = self.hermes.config / "profiles" / name
        other = replace_environ(self, HERMES_HOME=str(home))
        other.hermes.set_up()
        return other

    @property
    def config_text(self) -> str:
        return (self.hermes.config / "config.yaml").read_text()


def replace_environ(world: HermesWorld, **environ: str) -> HermesWorld:
    """The same machine in another environment."""
    other = copy.copy(world)
    other.extra_env = {**world.extra_env, **environ}
    return other


@contextmanager
def hermes_world(root: Path, policy: Policy | None = None) -> Iterator[tuple[HermesWorld, FakeModel]]:
    """A machine whose model follows that policy, or the usual story; the model server ends with the test."""
    binary = find_hermes()
    if binary is None:
        require(missing_hermes())
    with FakeModel(policy or story()) as model:
        yield HermesWorld(root, binary, model.url), model
