"""What the use cases need of a harness, as Protocols: its adapter, and its CLI as a scorer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from hivemind_skillopt.events import InboxItem, SeenEvent
from hivemind_skillopt.judgment_window import JudgmentWindow
from hivemind_skillopt.ports import Answer, Conversation, Question


@dataclass(frozen=True, slots=True)
class Command:
    """One run of an agent CLI. `environ` names the variables it may see besides the common ones.

    `files`: names and texts of what lies in the empty folder in which it runs.
    """

    argv: tuple[str, ...]
    stdin: str
    environ: tuple[str, ...]
    extra_environ: tuple[tuple[str, str], ...]
    files: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Completed:
    """How the run ended."""

    returncode: int
    stdout: str
    stderr: str


class AgentCli(Protocol):
    """A harness's CLI in its safest headless mode: pure, the process is run by `scorers/agent_cli.py`.

    `tool_free`: the model that it asks can use no tool at all. One that is not is asked only where no SDK has a key.
    """

    name: str
    program: str
    tool_free: bool

    def command(self, question: Question) -> Command:
        """What to run. Untrusted text goes to stdin wherever the CLI reads it. Raises SettingsError."""

    def answer(self, completed: Completed) -> Answer:
        """What came back. Raises ScorerFailed for anything that is not a usable answer."""


@runtime_checkable
class ConfiguredCli(AgentCli, Protocol):
    """One whose command depends on what its user set up in the harness's own files."""

    def at(self, home: Path) -> AgentCli:
        """As it is to be called for that home. Raises SettingsError where it cannot be read whom to ask."""


@dataclass(frozen=True, slots=True)
class HookProbe:
    """One hook of ours, to be run as the harness runs it.

    `command` is the shell command as it stands in the harness's file, '' where it does not. `payload` is what the
    harness writes to its standard input. `starts_worker`: this event starts the worker.
    """

    event: str
    command: str
    payload: bytes
    starts_worker: bool


class RunProgram(Protocol):
    """Runs a harness's own program. `until`: its input stays open until its output has this. Raises HarnessError."""

    def __call__(self, arguments: Sequence[str], stdin: str, until: str = "") -> Completed: ...


@dataclass(frozen=True, slots=True)
class HookTrust:
    """A hook of ours that waits for its user's trust. `fingerprint`: the harness's own, of what it would run."""

    command: str
    key: str
    fingerprint: str


class HarnessAdapter(Protocol):
    """One harness. Pure but for `read_transcript` and `switched_off`, which read the harness's own files, and `cli`,
    which may look for its program on the PATH.

    `seen_version` is the version of the harness that the adapter was tested with. `trust`: what the harness asks of
    its user before it runs our hooks, in a few words. `home_variable`: the environment variable that moves the
    harness's home. `routes`: the ways into the harness, the usual one first; a route is a set of files.
    """

    name: str
    title: str
    seen_version: str
    trust: str
    home_variable: str
    routes: tuple[str, ...]

    def home(self, environ: Mapping[str, str]) -> Path:
        """The harness's own folder in this environment."""

    def skill_root(self, home: Path) -> Path:
        """Where pulled skills are linked so that the harness loads them."""

    def events(self, item: InboxItem) -> Sequence[SeenEvent]:
        """The harness-neutral events, in order; none of a synthetic prompt, say. Raises PayloadUnreadable.

        A prompt that itself uses a skill is that use, then the prompt, with one `prompt_id` (docs/adding-a-harness.md).
        """

    def read_transcript(self, window: JudgmentWindow) -> Conversation | None:
        """The turns around one invocation, read from the transcript's end; None: not there (yet)."""

    def renders_as(self, skill_md: str, body: str) -> bool:
        """Can the harness have made `body` of this SKILL.md when it loaded the skill?"""

    def hook_files(self, home: Path, route: str) -> tuple[Path, ...]:
        """The files that `install` changes or makes, in this order; `uninstall` goes backwards."""

    def with_hooks(self, file: Path, text: str | None, launcher: Path) -> str:
        """That file's text with our hooks merged in. Raises HarnessError where it cannot be changed safely."""

    def without_hooks(self, file: Path, text: str, launcher: Path, before: str | None) -> str | None:
        """That file's text without them, every other byte as it is; None: it held nothing else, remove the file.

        `before` is what it held before us; None: it was not there, or nobody knows.
        """

    def hook_probes(self, texts: Mapping[Path, str], launcher: Path, skill: str) -> list[HookProbe]:
        """For each hook that belongs in those files, how to try it. The payloads use the org skill of that name."""

    def switched_off(self, home: Path) -> str:
        """What in the harness's own settings keeps our hooks from running, or ''."""

    def untrusted(self, home: Path, launcher: Path, run: RunProgram) -> str:
        """What the harness's own program says keeps our hooks from running (no trust, say), or ''."""

    def cli(self) -> AgentCli:
        """How to call the harness's own CLI as a scorer."""


@runtime_checkable
class AsksForTrust(Protocol):
    """What an adapter has besides where the harness runs no hook that its user has not trusted."""

    how_to_trust: str
    """What the user does in the harness itself, as a sentence."""

    def to_trust(self, home: Path, launcher: Path, run: RunProgram) -> Sequence[HookTrust]:
        """Our hooks that are not trusted (any more)."""

    def trust_hooks(self, hooks: Sequence[HookTrust], run: RunProgram) -> None:
        """Trust exactly these. Only ever called because the user said so. Raises HarnessError."""
