"""One person's machine with the real Codex on it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.harness.codex import CODEX, FUNCTIONS, Codex, read_skill, run_shell
from tests.harness.fake_model import FakeModel, ScriptedAgent
from tests.harness.requirements import require
from tests.harness.world import PROPOSAL, VERDICT, World


@dataclass
class CodexWorld(World):
    """`model` chooses between a model that calls functions and one in code mode."""

    model: str = FUNCTIONS

    def __post_init__(self) -> None:
        self.home.mkdir()
        self.project.mkdir()
        self.codex.write_config()

    @property
    def codex(self) -> Codex:
        """As it is now. `codex` is on the PATH, as the scorer and `doctor` need it."""
        path = f"{self.binary.parent}{os.pathsep}{os.environ['PATH']}"
        environ = {"PATH": path, "HIVEMIND_USER": "alice", **self.extra_env}
        return Codex(self.binary, self.home, self.project, self.model_url, self.model, environ)

    @property
    def environ(self) -> dict[str, str]:
        return self.codex.env()

    @property
    def skills(self) -> Path:
        return self.codex.config / "skills"

    @property
    def config(self) -> Path:
        return self.codex.config / "config.toml"

    def set_up(self, *names: str, trust: bool = True, route: str = "plugin") -> None:
        """Install, trust, and pull the named skills of alice."""
        install = ("install", "--yes", "--harness", "codex", "--route", route, *(["--trust"] if trust else []))
        pushes = [("push", str(self.write_skill(name))) for name in names]
        self.run_all(install, *pushes, ("pull",))

    @property
    def agent(self) -> ScriptedAgent:
        """Reads deploy--alice for 'deploy', with a judge that blames the skill and a proposer that mends it."""
        return ScriptedAgent(
            skill_for={"please deploy": ["deploy--alice"]}, judge=VERDICT, proposer=PROPOSAL,
            use_skill=read_skill(self.skills, self.model), use_shell=run_shell(self.model),
        )  # fmt: skip


@contextmanager
def codex_world(root: Path, model: str = FUNCTIONS) -> Iterator[tuple[CodexWorld, FakeModel]]:
    """A machine whose model tells the usual story; the model server ends with the test."""
    binary = CODEX.find()
    if binary is None:
        require(CODEX.missing())
    with FakeModel(ScriptedAgent()) as server:
        world = CodexWorld(root, binary, server.url, model=model)
        server.policy = world.agent
        yield world, server
