"""Every error a person can meet. Its text is one line: what happened and what to do.

SkillOptError              the CLI prints it and exits 1; the worker logs it
├── SettingsError          an environment variable or config.toml holds something we cannot use
├── SkillInvalid           a folder, file or name that cannot be an org skill
├── NotFound               no such skill, version, proposal
├── StateUnavailable       this machine's state.db cannot be read or written
├── StoreError             the org store refused or could not be reached
│   ├── StoreUnavailable   try again later
│   ├── RowRefused       this very row is refused for good; others may pass
│   ├── StoreTooNew        the schema is newer than this program
│   ├── StoreTooOld        the schema is older, or not made yet; a person runs `store init` or `store migrate`
│   ├── ParentMoved        compare-and-set lost: somebody published first
│   ├── AlreadyPublished   this reaction or invocation has led to a publication before
│   └── PublicationHeldBack  a cap or the cooldown: not before a given time
├── PayloadUnreadable      a hook's payload is not what this harness sends
├── EditRefused            an edit that cannot be applied as written
├── ScorerFailed           no usable answer from a model: never an "ok"
├── BudgetSpent            a cap on model calls, tokens or cost: asked again after midnight
└── HarnessError           a harness's own file is not what we can safely change
    └── AdapterFailed      a third party's adapter is broken: its own harness alone has to wait
"""

from __future__ import annotations


class SkillOptError(Exception):
    """Base of all errors meant for a person."""


class SettingsError(SkillOptError):
    """A setting that cannot be used."""


class SkillInvalid(SkillOptError):
    """A folder, file or name that cannot be an org skill."""


class NotFound(SkillOptError):
    """No such skill, version or proposal."""


class StateUnavailable(SkillOptError):
    """This machine's state.db cannot be read or written."""


class StoreError(SkillOptError):
    """The org store refused."""


class StoreUnavailable(StoreError):
    """The org store could not be reached; worth another try later."""


class RowRefused(StoreError):
    """The org store refuses this row, now and later: a constraint, a size, a type. It says nothing about others."""


class StoreTooNew(StoreError):
    """The store's schema is newer than this program knows."""


class StoreTooOld(StoreError):
    """The store's schema is older than this program needs, or was not made yet. Many machines share it, so a person
    decides."""


class ParentMoved(StoreError):
    """The head is not the parent that the publisher saw."""


class AlreadyPublished(StoreError):
    """At most one publication per reaction and per invocation."""


class PublicationHeldBack(StoreError):
    """A cap or the cooldown of the skill. `not_before_ns`: when to try again (ns since the epoch)."""

    def __init__(self, message: str, not_before_ns: int) -> None:
        super().__init__(message)
        self.not_before_ns = not_before_ns


class PayloadUnreadable(SkillOptError):
    """A hook's payload is not what this harness sends."""


class EditRefused(SkillOptError):
    """An edit that cannot be applied as written."""


class ScorerFailed(SkillOptError):
    """No usable answer from a scorer. Never to be read as a verdict."""


class BudgetSpent(SkillOptError):
    """A cap on model calls, tokens or cost of this state directory."""


class HarnessError(SkillOptError):
    """A harness's own file is not what we can safely change."""


class AdapterFailed(HarnessError):
    """A third party's adapter is broken. Whoever goes through all harnesses goes on with the next."""
