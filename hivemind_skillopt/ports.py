"""What the use cases need from outside, as Protocols. The store and the scorer have a shipped fake."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from hivemind_skillopt.errors import ScorerFailed
from hivemind_skillopt.model import (
    Annotation,
    Attribution,
    Edit,
    ExpectedOutcome,
    Invocation,
    Outcome,
    Policy,
    Proposal,
    ProposalStatus,
    Publication,
    Record,
    SkillChange,
    SkillFolder,
    SkillRef,
    SkillVersion,
    Usage,
    Verdict,
)
from hivemind_skillopt.settings import OrgMode


class Clock(Protocol):
    """Nanoseconds since the epoch."""

    def __call__(self) -> int: ...


@dataclass(frozen=True, slots=True)
class UnreadableChange:
    """A skill of the store that this program cannot read, of which its row is the witness. `skill`: its name, as it
    stands there; `why`: a sentence."""

    number: int
    skill: str
    why: str


OnUnreadable = Callable[[UnreadableChange], None]
"""Takes a row that cannot be read; the others go on."""


@dataclass(frozen=True, slots=True)
class SessionWords:
    """How many rows of the org store hold words of one session that can be taken away: none of what was published."""

    verdicts: int
    proposals: int

    def __bool__(self) -> bool:
        return bool(self.verdicts or self.proposals)


class SkillStore(Protocol):
    """The org store. Every method may raise StoreUnavailable.

    Lists leave out a row that cannot be read; what names one row raises StoreError for it, StoreTooNew for a word
    that this program does not know.
    """

    def prepare(self) -> None:
        """See whether its schema is ours. A store that is this machine's own is made and brought up to date.

        Raises StoreTooNew, StoreTooOld.
        """

    def migrate(self) -> list[str]:
        """Make the schema, or bring it up to date; the names of the migrations applied. Raises StoreTooNew."""

    def close(self) -> None:
        """Give connections back."""

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

    def changes(
        self,
        user: str,
        since: int = 0,
        again: Sequence[int] = (),
        limit: int | None = None,
        on_unreadable: OnUnreadable | None = None,
    ) -> list[SkillChange]:
        """Each skill that `user` may see and that was published, or given a policy, after that change number.

        Also those that had one of the numbers `again`, whatever their number is now. In the order of their numbers,
        the first `limit` of them; one query, which reads no body. A skill whose rows cannot be read is left out, and
        given to `on_unreadable`.
        """

    def published_since(self, at: int) -> int:
        """How many versions the loop has published since then (ns)."""

    def policy(self, ref: SkillRef) -> Policy:
        """`auto` where nothing else was set."""

    def policies(self, ref: SkillRef) -> list[Policy]:
        """All that were ever set, oldest first."""

    def set_policy(self, ref: SkillRef, policy: Policy, user: str, at: int) -> None:
        """The newest row wins."""

    def org_mode(self) -> OrgMode:
        """How far the loop may go in the org; `auto` by nobody where none was set."""

    def set_org_mode(self, mode: OrgMode) -> None:
        """The newest one wins."""

    def record(self, records: Sequence[Record]) -> None:
        """Add rows, idempotent by id. A proposal's newer status and an invocation's better version win."""

    def recording(self, records: Sequence[Record]) -> Callable[[], None]:
        """`record` in two steps: here all that needs no store, in any thread; the rest is what comes back.

        Both may raise RowRefused.
        """
        return partial(self.record, records)

    def attributions(self, limit: int = 100) -> list[Attribution]:
        """Newest first."""

    def invocations(self, limit: int = 100) -> list[Invocation]:
        """Newest first."""

    def find_invocation(self, id_start: str) -> Invocation:
        """The one whose id begins so. Raises NotFound for none and for several."""

    def verdicts(self, ref: SkillRef | None = None, limit: int = 100) -> list[Verdict]:
        """Newest first."""

    def proposals(
        self, ref: SkillRef | None = None, limit: int = 100, statuses: Sequence[ProposalStatus] = ()
    ) -> list[Proposal]:
        """Newest first; of any status where none is named."""

    def find_proposal(self, id_start: str) -> Proposal:
        """The one whose id begins so. Raises NotFound for none and for several."""

    def find_verdicts(self, ids: Sequence[str]) -> dict[str, Verdict]:
        """By id; those that are not there, or not yet, are left out."""

    def find_proposals(self, ids: Sequence[str]) -> dict[str, Proposal]:
        """By id; those that are not there, or not yet, are left out."""

    def session_words(self, session_id: str) -> SessionWords:
        """What `forget_session` would blank."""

    def forget_session(self, session_id: str) -> SessionWords:
        """Blank quotes and reasons of the verdicts on the uses in that session; say what had any words.

        A proposal that came of it and was not published is rejected, without edits and reasons: what a person could
        accept or a proposer read again is gone with the words.
        """

    def annotate(self, annotation: Annotation) -> None:
        """Add what a person says of an invocation."""

    def annotations(self, invocation_ids: Sequence[str]) -> dict[str, Annotation]:
        """By invocation, the newest of each; those without one are left out."""


@dataclass(frozen=True, slots=True)
class Question:
    """One call of a model. `schema` is the JSON schema of the answer asked for.

    `model` '': the scorer's own choice. `provider`: whose model, for the CLIs that know several; never without a model.
    """

    role: str
    system: str
    prompt: str
    schema: Mapping[str, object]
    model: str = ""
    provider: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The JSON text that came back, and what it took."""

    text: str
    usage: Usage


class UnusableAnswer(ScorerFailed):
    """A model answered and was paid, but refused, was cut off or said nothing. `usage`: what it took."""

    def __init__(self, message: str, usage: Usage) -> None:
        super().__init__(message)
        self.usage = usage


class Scorer(Protocol):
    """A model backend. `name` stands in rows and in `status`."""

    name: str

    def ask(self, question: Question) -> Answer:
        """One call. Raises ScorerFailed for anything that is not a usable answer."""


class Budget(Protocol):
    """The caps, enforced before a call is made."""

    def reserve(self, role: str) -> int:
        """Take one call out of the day's budget and return its id. Raises BudgetSpent."""

    def settle(self, call_id: int, usage: Usage) -> None:
        """Write down what the call took. A call that failed stays reserved: it counts all the same."""

    def release(self, call_id: int) -> None:
        """Give the call back: a setting is missing, so it was never made."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a conversation. `text` of a tool turn is its name and exit status, never its output.

    `who` is `human`, `assistant` or `tool`. `at_invocation` marks the turn in which the skill was used.
    `reaction_id` is the id that a human turn has, had it come as a reaction; `is_reaction` that it did.
    """

    who: str
    text: str
    at_invocation: bool = False
    reaction_id: str = ""
    is_reaction: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a transcript reader found around one invocation.

    `skill_body`: the body that was really loaded (None: not found). `tool_output`: what tools printed, evidence for the
    gate, never sent to a model. `other_skill`: what was loaded lay elsewhere (a plugin's or a project's copy), or
    nothing was.
    """

    turns: tuple[Turn, ...]
    skill_body: str | None = None
    tool_output: tuple[str, ...] = ()
    absorbed: tuple[AbsorbedReaction, ...] = ()
    other_skill: bool = False


@dataclass(frozen=True, slots=True)
class AbsorbedReaction:
    """A message the human typed while tools ran: no hook fired for it. `at` in ns."""

    id: str
    text: str
    at: int


class CallRecords(Protocol):
    """Who runs for whom, written down so that the next worker can end what a killed one left running."""

    def folder(self) -> AbstractContextManager[Path]:
        """An empty folder for one call."""

    def started(self, folder: Path, pid: int) -> None:
        """That call's process group runs."""


@dataclass(frozen=True, slots=True)
class CaseFile:
    """What a judge and a proposer may see of one invocation. Raw: the roles redact before they cut.

    `reactions` are those that are not among the turns yet. It never says which version is newer.
    """

    skill: str
    skill_text: str
    turns: tuple[Turn, ...]
    reactions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A judge's answer, checked: a `skill_fault` here has a quote that the human really wrote."""

    outcome: Outcome
    confidence: float
    reason: str
    quote: str | None
    prompt_version: int
    usage: Usage | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A proposer's answer. Without edits, `no_change_reason` says why ("already covered")."""

    edits: tuple[Edit, ...]
    root_cause: str
    generality: str
    expected: ExpectedOutcome
    no_change_reason: str
    usage: Usage


class Judge(Protocol):
    """The role: was the SKILL at fault? Raises ScorerFailed, BudgetSpent."""

    def __call__(self, case: CaseFile) -> Judgement: ...


class Proposer(Protocol):
    """The role: a small edit of `head_text` that would have prevented this. Raises ScorerFailed, BudgetSpent."""

    def __call__(self, case: CaseFile, verdict: Verdict, head_text: str, rejected: Sequence[str]) -> Draft: ...
