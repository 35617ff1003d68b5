"""What a pull is asked for, and what it and an unpull tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hivemind_skillopt.model import Scope, SkillRef, SkillVersion
from hivemind_skillopt.state.manifest import ManifestEntry


@dataclass(frozen=True, slots=True)
class Request:
    """Which skills. Of all of them unless `only` names some; `unpulled_too`: also what a person has unpulled."""

    only: tuple[SkillRef, ...] = ()
    author: str = ""
    scope: Scope | None = None
    unpulled_too: bool = False
    dry_run: bool = False

    def takes(self, head: SkillVersion) -> bool:
        """Do the filters let it through?"""
        return self.author in {"", head.ref.author} and self.scope in {None, head.scope}

    @property
    def filtered(self) -> bool:
        """Is something left out that a later pull has to look at?"""
        return bool(self.only or self.author or self.scope)


@dataclass(frozen=True, slots=True)
class Change:
    """One skill in one harness home. `before` 0: it was not there; `after` 0: it is gone, for it was retired.

    `head`: what the store says of the version that came, where it is the head.
    """

    ref: SkillRef
    home: str
    before: int
    after: int
    head: SkillVersion | None = None


@dataclass(frozen=True, slots=True)
class Edited:
    """A copy that its user had edited when another version came.

    `kept`: where the copy as it was lies now, '' where an earlier pull had kept it. `merged`: the edit is in what is
    linked now. `conflicts`: the files that kept it out.
    """

    ref: SkillRef
    kept: str
    merged: bool
    conflicts: tuple[str, ...] = ()


@dataclass(slots=True)
class PullReport:
    """What a pull did and what it left alone. `pinned`: the version it stays at, and the head."""

    changes: list[Change] = field(default_factory=list)
    edited: list[Edited] = field(default_factory=list)
    in_the_way: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)
    unpulled: set[SkillRef] = field(default_factory=set)
    pinned: dict[SkillRef, tuple[int, int]] = field(default_factory=dict)
    not_offered: list[SkillRef] = field(default_factory=list)
    store_replaced: bool = False
    unchanged: int = 0

    @property
    def kept_aside(self) -> list[str]:
        """The edited copies' new places."""
        return [edited.kept for edited in self.edited if edited.kept]

    @property
    def retired(self) -> list[Change]:
        """What went because it was retired."""
        return [change for change in self.changes if not change.after]

    @property
    def about_the_store(self) -> list[str]:
        """What is odd about it, each a sentence."""
        told = []
        if self.store_replaced:
            told.append("the org store is not as it was at the last pull (replaced, or an older copy)")
        if self.not_offered:
            told.append(
                f"the org store no longer has {shortened(list(map(str, self.not_offered)))}; "
                "what is pulled stays. Is it the right store, and whole?"
            )
        return told

    @property
    def problems(self) -> list[str]:
        """What `status` shows of the worker's pull."""
        in_the_way = (f"something of yours is in the way: {path}" for path in self.in_the_way)
        return [*self.about_the_store, *self.failed, *in_the_way]


def shortened(texts: Sequence[str], limit: int = 5) -> str:
    """The first ones, and how many more there are."""
    more = f" and {len(texts) - limit} more" if len(texts) > limit else ""
    return ", ".join(texts[:limit]) + more


@dataclass(slots=True)
class UnpullReport:
    """What an unpull removed, and what it left because it is a person's own."""

    removed: list[ManifestEntry] = field(default_factory=list)
    kept_aside: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
