"""The words of DESIGN 2 as frozen values. Pure: no I/O. Times are integers, nanoseconds since the epoch."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from hivemind_skillopt.errors import SkillInvalid

SECOND = 1_000_000_000
DAY = 86_400 * SECOND

TEXT_AGE = DAY
"""Raw text is kept until its job is done, at most 24 h (DESIGN 3, privacy)."""

MAX_REF_CHARS = 64
"""The longest name that every harness accepts (Agent Skills specification)."""

MAX_FILES = 1000
MAX_FILE_BYTES = 1 << 20
MAX_SKILL_BYTES = 5 << 20
"""Of one skill folder (DESIGN 6; the number of files is ours)."""

_LEFT_OUT = frozenset({".git", "__pycache__", ".ds_store", "node_modules"})

_PART = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_AUTHOR = re.compile(_PART)
_NAME = re.compile(rf"{_PART}(?:--{_PART})*")


class Outcome(StrEnum):
    """Why the user reacted as they did. Only `skill_fault` can lead to an edit."""

    OK = "ok"
    SKILL_FAULT = "skill_fault"
    AGENT_FAULT = "agent_fault"
    USER_CHANGE = "user_change"
    ENVIRONMENT = "environment"
    UNCLEAR = "unclear"


class Provenance(StrEnum):
    """How a skill came to be used: the model's tool call, a typed slash command, a file read by path."""

    TOOL = "tool"
    SLASH = "slash"
    PATH = "path"


class VersionSource(StrEnum):
    """How we know the version at use. After `unknown` no edit may follow."""

    DISK = "disk"
    TRANSCRIPT = "transcript"
    UNKNOWN = "unknown"


class Scope(StrEnum):
    """Who may pull a skill."""

    ME = "me"
    TEAM = "team"


class Policy(StrEnum):
    """What the loop may do to a skill, kept in the store per ref. A retired skill is pulled by nobody any more."""

    AUTO = "auto"
    REVIEW = "review"
    LOCKED = "locked"
    RETIRED = "retired"


class ProposalStatus(StrEnum):
    """The life of a proposal."""

    OPEN = "open"
    PUBLISHED = "published"
    HELD = "held"
    REJECTED = "rejected"
    STALE = "stale"


DECIDED = (ProposalStatus.PUBLISHED, ProposalStatus.REJECTED)
"""A proposal never leaves these again."""


@dataclass(frozen=True, slots=True, order=True)
class SkillRef:
    """(name, author): the identity of an org skill; as text `name--author`, also its folder's name."""

    name: str
    author: str

    def __post_init__(self) -> None:
        _check_ref(self.name, self.author)

    def __str__(self) -> str:
        return f"{self.name}--{self.author}"

    @classmethod
    def parse(cls, text: str) -> SkillRef:
        """Split at the LAST `--`. Raises SkillInvalid."""
        name, dashes, author = text.rpartition("--")
        if not dashes:
            raise SkillInvalid(f"'{text}' is no skill reference; write name--author")
        return cls(name, author)


@lru_cache(maxsize=4096)
def _check_ref(name: str, author: str) -> None:
    """Raises SkillInvalid. Remembered: every row of the outbox names the same few skills again."""
    if not _NAME.fullmatch(name) or not _AUTHOR.fullmatch(author):
        raise SkillInvalid(f"'{name}--{author}' is no skill reference; use small letters, digits and -")
    if len(f"{name}--{author}") > MAX_REF_CHARS:
        raise SkillInvalid(f"'{name}--{author}' is longer than {MAX_REF_CHARS} characters; shorten the name")


@dataclass(frozen=True, slots=True)
class SkillFile:
    """One file of a skill folder. `path` is relative, with `/`, NFC."""

    path: str
    data: bytes
    executable: bool = False

    @property
    def sha256(self) -> str:
        """Of the bytes alone."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class SkillFolder:
    """The whole content of one version."""

    files: tuple[SkillFile, ...]

    @property
    def content_sha256(self) -> str:
        """The real identity of a version."""
        return content_sha256((f.path, f.executable, f.sha256) for f in self.files)

    @property
    def skill_md(self) -> bytes:
        """The bytes of SKILL.md. Raises SkillInvalid where there is none."""
        for file in self.files:
            if file.path == "SKILL.md":
                return file.data
        raise SkillInvalid("the folder has no SKILL.md")

    def with_skill_md(self, data: bytes) -> SkillFolder:
        """The same folder with other SKILL.md bytes."""
        return SkillFolder(
            tuple(SkillFile(f.path, data, f.executable) if f.path == "SKILL.md" else f for f in self.files)
        )


def content_sha256(files: Iterable[tuple[str, bool, str]]) -> str:
    """sha256 over the sorted lines `path NUL x-bit NUL sha256(file)`, of (path, executable, sha256) of each file."""
    lines = sorted(f"{nfc(path)}\0{int(executable)}\0{sha256}\n" for path, executable, sha256 in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class SkillVersion:
    """One row of `skills`: one version, without its bytes."""

    ref: SkillRef
    version: int
    content_sha256: str
    parent_version: int | None
    parent_sha256: str | None
    scope: Scope
    description: str
    contributors: tuple[str, ...]
    published_by: str
    published_at: int
    proposal_id: str | None = None
    reverts_version: int | None = None


@dataclass(frozen=True, slots=True)
class SkillChange:
    """A skill as it stands after its last change: its head and its policy. `number`: the org's, of that change."""

    number: int
    head: SkillVersion
    policy: Policy


@dataclass(frozen=True, slots=True)
class Publication:
    """A request to publish: compare-and-set on the parent (None: only as version 1)."""

    ref: SkillRef
    folder: SkillFolder
    parent_sha256: str | None
    published_by: str
    published_at: int
    scope: Scope = Scope.TEAM
    proposal: Proposal | None = None
    reverts_version: int | None = None
    project: str = ""
    source_agent: str = ""
    per_day: int | None = None
    cooldown_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Attribution:
    """A `skills_active` row: which org skills were on disk when a session started. The denominator."""

    id: str
    harness: str
    session_id: str
    skills: tuple[ActiveSkill, ...]
    ab_bucket: int
    user: str
    workspace: str
    project: str
    started_at: int


@dataclass(frozen=True, slots=True)
class ActiveSkill:
    """One org skill in a session. `modified`: its user edited the copy."""

    ref: SkillRef
    version: int
    content_sha256: str
    modified: bool = False


@dataclass(frozen=True, slots=True)
class Invocation:
    """One use of an org skill."""

    id: str
    harness: str
    session_id: str
    ref: SkillRef
    version: int | None
    content_sha256: str | None
    version_source: VersionSource
    provenance: Provenance
    modified: bool
    user: str
    project: str
    invoked_at: int


@dataclass(frozen=True, slots=True)
class Reaction:
    """A message of the human while a window was open. `window_id` is the invocation's id."""

    id: str
    window_id: str
    at: int
    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What one or more model calls took. None: the scorer did not say (it counts as a call, not as 0)."""

    scorer: str
    model: str
    calls: int = 1
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a judge made of the reactions to one invocation. Row id = (invocation, last reaction)."""

    id: str
    invocation_id: str
    reaction_ids: tuple[str, ...]
    ref: SkillRef
    version: int | None
    content_sha256: str | None
    version_source: VersionSource
    outcome: Outcome
    confidence: float
    reason: str
    quote: str | None
    prompt_version: int
    usage: Usage | None
    judged_at: int


@dataclass(frozen=True, slots=True)
class Annotation:
    """What a person says of one invocation: it overrides every verdict on it, for ever. The newest counts."""

    id: str
    invocation_id: str
    ref: SkillRef
    outcome: Outcome
    note: str
    annotated_by: str
    annotated_at: int


class Op(StrEnum):
    """What an edit does with its target."""

    APPEND = "append"
    INSERT_AFTER = "insert_after"
    REPLACE = "replace"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Edit:
    """One small change of a SKILL.md body. `target` is text that stands there exactly once."""

    op: Op
    target: str | None
    content: str | None


@dataclass(frozen=True, slots=True)
class ExpectedOutcome:
    """What a proposal promises: the signal to watch, by when, and what to do if it does not come."""

    signal: str
    horizon: str
    fallback: str


class Result(StrEnum):
    """The result of one gate check, mildest first."""

    PASS = "pass"  # noqa: S105  a gate result
    HOLD = "hold"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Check:
    """One gate check: its name, its result and a sentence for people."""

    name: str
    result: Result
    message: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change to a skill that came out of one verdict. Its id is derived from invocation and reaction."""

    id: str
    ref: SkillRef
    parent_version: int
    parent_sha256: str
    invocation_id: str
    reaction_id: str
    verdict_id: str
    edits: tuple[Edit, ...]
    root_cause: str
    generality: str
    expected: ExpectedOutcome
    checks: tuple[Check, ...]
    status: ProposalStatus
    proposed_by: str
    proposed_at: int
    usage: Usage | None = None
    not_before: int | None = None
    status_reason: str = ""
    published_version: int | None = None


Record = Attribution | Invocation | Verdict | Proposal
"""What the outbox carries to the org store."""


def derived_id(*parts: str) -> str:
    """A deterministic id: the same event, seen twice, is the same row."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def is_left_out(name: str) -> bool:
    """Is a file or folder of this name never part of a version (DESIGN 2)? In any case: some disks fold it."""
    return name.casefold() in _LEFT_OUT or name.endswith(".pyc")


def nfc(text: str) -> str:
    """Unicode normal form C: macOS may give a file name in form D."""
    return unicodedata.normalize("NFC", text)
