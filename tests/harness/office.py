"""One person who works with four harnesses on one machine: the real programs, one model server, one store."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.harness.claude_code import find_claude, missing_claude
from tests.harness.codex import CODEX, FUNCTIONS, Codex, read_skill
from tests.harness.fake_model import FakeModel, Reply, Request, ScriptedAgent, ToolCall
from tests.harness.hermes import Hermes, find_hermes, missing_hermes
from tests.harness.hermes_world import view_skill
from tests.harness.pi import NEW, PI, Pi
from tests.harness.pi import read_skill as read_by_pi
from tests.harness.requirements import require
from tests.harness.scripted_agent import use_skill_tool
from tests.harness.world import PROPOSAL, VERDICT, World

TOOLS = {"Skill": "claude_code", "exec_command": "codex", "skill_view": "hermes", "read": "pi"}
"""By the tool that uses a skill there, whose model is asked."""


@dataclass
class Office(World):
    """`binary` is Claude Code's; all programs are on the PATH of everything."""

    def __post_init__(self) -> None:
        super().__post_init__()
        own = [str(self.binary.parent), str(_found(CODEX.find()).parent), str(_found(find_hermes()).parent)]
        pi = Pi(NEW, self.home, self.project, self.model_url).env()["PATH"]
        self.extra_env = {"PATH": os.pathsep.join([*own, pi]), "HIVEMIND_USER": "alice"}
        self.codex.write_config()
        self.hermes.set_up()
        self.pi.write_config()

    @property
    def codex(self) -> Codex:
        return Codex(_found(CODEX.find()), self.home, self.project, self.model_url, FUNCTIONS, self.extra_env)

    @property
    def hermes(self) -> Hermes:
        return Hermes(_found(find_hermes()), self.home, self.project, self.model_url, self.extra_env)

    @property
    def pi(self) -> Pi:
        return Pi(NEW, self.home, self.project, self.model_url, self.extra_env)

    @property
    def environ(self) -> dict[str, str]:
        return self.pi.env() | self.hermes.env() | self.codex.env() | self.claude.env()

    @property
    def roots(self) -> dict[str, Path]:
        """Where each harness finds pulled skills."""
        return {
            "claude_code": self.skills,
            "codex": self.codex.config / "skills",
            "hermes": self.hermes.config / "org-skills",
            "pi": self.pi.folder / "skills",
        }

    def set_up(self, *names: str) -> None:
        """Install into every harness that is found, and pull the named skills of alice."""
        pushes = [("push", str(self.write_skill(name))) for name in names]
        self.run_all(("install", "--yes", "--trust"), *pushes, ("pull",))


@dataclass
class Polyglot:
    """The usual story in whichever harness asks. `asked`: what each harness's model was told, in order."""

    office: Office
    asked: dict[str, list[Request]] = field(default_factory=dict)

    def __call__(self, request: Request) -> Reply:
        harness = next((TOOLS[tool] for tool in request.tools if tool in TOOLS), "")
        self.asked.setdefault(harness, []).append(request)
        agent = ScriptedAgent(skill_for={"please deploy": ["deploy--alice"]}, judge=VERDICT, proposer=PROPOSAL)
        agent.use_skill = lambda name: self._use(harness, name)
        return agent(request)

    def _use(self, harness: str, name: str) -> ToolCall:
        roots = self.office.roots
        ways = {
            "claude_code": use_skill_tool,
            "codex": read_skill(roots["codex"], FUNCTIONS),
            "hermes": view_skill,
            "pi": read_by_pi(roots["pi"]),
        }
        return ways[harness](name)  # type: ignore[no-any-return]


@contextmanager
def open_office(root: Path) -> Iterator[tuple[Office, Polyglot]]:
    """All four programs, or a skip that names the one that is missing."""
    claude = find_claude()
    if claude is None:
        require(missing_claude())
    for found, missing in (
        (CODEX.find(), CODEX.missing),
        (find_hermes(), missing_hermes),
        (PI[NEW].find(), PI[NEW].missing),
    ):
        if found is None:
            require(missing())
    with FakeModel(ScriptedAgent()) as server:
        office = Office(root, claude, server.url)
        server.policy = story = Polyglot(office)
        yield office, story


def _found(binary: Path | None) -> Path:
    assert binary is not None
    return binary
