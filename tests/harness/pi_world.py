"""One person's machine with the real pi, a fake model and our CLI."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.harness.fake_model import FakeModel, Policy, ScriptedAgent
from tests.harness.pi import NEW, PI, Pi, read_skill, run_shell
from tests.harness.requirements import require
from tests.harness.world import PROPOSAL, VERDICT, World


@dataclass
class PiWorld(World):
    """`binary` is not asked for: the version says which one it is."""

    version: str = NEW

    def __post_init__(self) -> None:
        self.home.mkdir()
        self.project.mkdir()
        self.pi.write_config()

    @property
    def pi(self) -> Pi:
        """As it is now: `extra_env` may change between prompts."""
        return Pi(self.version, self.home, self.project, self.model_url, {"HIVEMIND_USER": "alice", **self.extra_env})

    @property
    def environ(self) -> dict[str, str]:
        return self.pi.env()

    @property
    def skills(self) -> Path:
        return self.pi.folder / "skills"


@contextmanager
def pi_world(root: Path, version: str, policy: Policy | None = None) -> Iterator[tuple[PiWorld, FakeModel]]:
    """A machine whose model follows that policy, or the usual story."""
    binary = PI[version].find()
    if binary is None:
        require(PI[version].missing())
    with FakeModel(policy or story(root)) as model:
        yield PiWorld(root, binary, model.url, version=version), model


def story(root: Path) -> ScriptedAgent:
    """Reads deploy--alice for 'deploy', with a judge that blames the skill and a proposer that mends it."""
    return ScriptedAgent(
        skill_for={"please deploy": ["deploy--alice"]}, judge=VERDICT, proposer=PROPOSAL,
        use_skill=read_skill(root / "home" / ".pi" / "agent" / "skills"), use_shell=run_shell,
    )  # fmt: skip
