"""What was really done, written down by who did it. The store is never asked."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.simulation.plan import HARNESS, Event, Say, Skill, Start, Treatment, Use
from hivemind_skillopt.attribution import attribution_id
from hivemind_skillopt.model import ProposalStatus, SkillRef, derived_id
from hivemind_skillopt.settings import DEFAULT_ORG


@dataclass(slots=True)
class Deeds:
    """What people did of one kind. `done`: the CLI said so. `in_doubt`: it failed, or was ended, where the store may
    have heard it. `refused`: it said no, so the store must not have it."""

    done: set[object] = field(default_factory=set)
    in_doubt: set[object] = field(default_factory=set)
    refused: set[object] = field(default_factory=set)


@dataclass(slots=True)
class Ledger:
    """Ids, as the product derives them from what happened."""

    skills: dict[SkillRef, Skill] = field(default_factory=dict)
    events: int = 0
    real_hooks: list[float] = field(default_factory=list)
    """Milliseconds of each real hook process."""

    attributions: set[str] = field(default_factory=set)
    invocations: set[str] = field(default_factory=set)
    judged: set[tuple[str, str]] = field(default_factory=set)
    """(invocation, reaction)."""

    faults: set[tuple[str, str]] = field(default_factory=set)
    """The judged pairs that are complaints."""

    heard: set[str] = field(default_factory=set)
    """Reactions. One that comes twice may find its window closed by the verdict on it."""

    proposals: dict[str, frozenset[ProposalStatus]] = field(default_factory=dict)
    """By id, how it may end. Only `stale` depends on luck: somebody else published first, twice."""

    unrecorded: list[str] = field(default_factory=list)
    """Prompts in a window that the recorder did not take."""

    noisy: list[str] = field(default_factory=list)
    """Hooks that said something or failed."""

    pushes: Deeds = field(default_factory=Deeds)
    rollbacks: Deeds = field(default_factory=Deeds)
    annotations: Deeds = field(default_factory=Deeds)
    policies: Deeds = field(default_factory=Deeds)

    def happened(self, event: Event) -> None:
        """One hook event; the same one twice is one."""
        self.events += 1
        match event:
            case Start():
                self.attributions.add(attribution_id(DEFAULT_ORG, HARNESS, event.session))
            case Use():
                self.invocations.add(event.invocation_id)
            case Say():
                self._said(event)

    def _said(self, event: Say) -> None:
        self.heard.add(event.reaction_id)
        for use in event.windows if event.judged else ():
            pair = (use.invocation_id, event.reaction_id)
            self.judged.add(pair)
            if event.case:
                self.faults.add(pair)
            if event.case and self.skills[use.ref].treatment is not Treatment.LOCKED:
                self.proposals[derived_id("proposal", *pair)] = self._ends(use, event)

    def _ends(self, use: Use, event: Say) -> frozenset[ProposalStatus]:
        """A reaction leads to one publication: where it is about two skills, the second is held for a person."""
        if self.skills[use.ref].treatment is Treatment.REVIEW:
            return frozenset({ProposalStatus.HELD})
        alone = len(event.windows) == 1
        return frozenset({ProposalStatus.PUBLISHED, ProposalStatus.STALE, *(() if alone else (ProposalStatus.HELD,))})
