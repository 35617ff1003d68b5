"""What the use cases need from outside, as Protocols. Each has a real thing and a shipped fake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from hivemind_skillopt.model import (
    Attribution,
    Invocation,
    Policy,
    Proposal,
    Publication,
    Record,
    SkillFolder,
    SkillRef,
    SkillVersion,
    Usage,
    Verdict,
)


class Clock(Protocol):
    """Nanoseconds since the epoch."""

    def __call__(self) -> int: ...


class SkillStore(Protocol):
    """The org store. Every method may raise StoreUnavailable."""

    def migrate(self) -> None:
        """Bring the schema up to date. Raises StoreTooNew."""

    def publish(self, publication: Publication) -> SkillVersion:
        """Compare-and-set publish of version n+1, with its proposal row, in one transaction.

        Raises ParentMoved, AlreadyPublished, PublicationHeldBack. Publishing the same proposal
        again returns the version it made the first time.
        """

    def head(self, ref: SkillRef) -> SkillVersion | None:
        """The newest version."""

    def history(self, ref: SkillRef) -> list[SkillVersion]:
        """All versions, oldest first."""

    def folder(self, ref: SkillRef, version: int) -> SkillFolder:
        """The bytes of one version. Raises NotFound."""

    def heads(self, user: str, above: Mapping[SkillRef, int] | None = None) -> list[SkillVersion]:
        """Every ref's newest version that `user` may see, in one query; with `above`, only newer ones."""

    def policy(self, ref: SkillRef) -> Policy:
        """`auto` where nothing else was set."""

    def set_policy(self, ref: SkillRef, policy: Policy, user: str, at: int) -> None:
        """The newest row wins."""

    def record(self, records: Sequence[Record]) -> None:
        """Add rows, idempotent by id. A proposal's newer status and an invocation's better version win."""

    def attributions(self, limit: int = 100) -> list[Attribution]:
        """Newest first."""

    def invocations(self, limit: int = 100) -> list[Invocation]:
        """Newest first."""

    def verdicts(self, ref: SkillRef | None = None, limit: int = 100) -> list[Verdict]:
        """Newest first."""

    def proposals(self, ref: SkillRef | None = None, limit: int = 100) -> list[Proposal]:
        """Newest first."""


@dataclass(frozen=True, slots=True)
class Question:
    """One call of a model. `schema` is the JSON schema of the answer asked for."""

    role: str
    system: str
    prompt: str
    schema: Mapping[str, object]
    model: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The JSON text that came back, and what it took."""

    text: str
    usage: Usage


class Scorer(Protocol):
    """A model backend. `name` stands in rows and in `status`."""

    name: str

    def ask(self, question: Question) -> Answer:
        """One call. Raises ScorerFailed for anything that is not a usable answer."""


class Budget(Protocol):
    """The caps, enforced before a call is made."""

    def reserve(self, role: str) -> int:
        """Take one call out of the day's budget and return its id. Raises BudgetSpent."""

    def settle(self, call_id: int, usage: Usage | None) -> None:
        """Write down what the call took; None: it failed, and counts as a call all the same."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a conversation. `text` of a tool turn is its name and exit status, never its output.

    `at_invocation` marks the turn in which the skill was used.
    """

    who: str
    text: str
    at_invocation: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a transcript reader found: turns around one invocation, the skill body that was really loaded
    (None: not found), and what tools printed (evidence for the gate; never sent to a model)."""

    turns: tuple[Turn, ...]
    skill_body: str | None = None
    tool_output: tuple[str, ...] = ()
    absorbed: tuple[AbsorbedReaction, ...] = ()


@dataclass(frozen=True, slots=True)
class AbsorbedReaction:
    """A message the human typed while tools ran: no hook fired for it. `at` in ns."""

    id: str
    text: str
    at: int


class TranscriptReader(Protocol):
    """Reads a harness's transcript from its end, for one invocation."""

    def __call__(self, path: str, *, tool_use_id: str, prompt_id: str, skill: str) -> Conversation | None:
        """None: no transcript, or the invocation is not in it (yet)."""
