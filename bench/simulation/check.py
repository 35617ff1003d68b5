"""The store and the disks against the ledger: one line for each kind of thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from bench.simulation.ledger import Deeds, Ledger
from bench.simulation.machine import Machine
from hivemind_skillopt.model import Outcome, ProposalStatus
from hivemind_skillopt.store.sql import SqlStore
from tests.postgres import Postgres

EVERYTHING = 10_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """One kind. `missing` and `extra` are what the counts may hide: 0 each where the very ids agree."""

    kind: str
    expected: int
    found: int
    missing: tuple[Hashable, ...] = ()
    extra: tuple[Hashable, ...] = ()

    @property
    def differs(self) -> bool:
        """Is something lost, doubled or of nobody's making?"""
        return bool(self.missing or self.extra) or self.expected != self.found


def compare(kind: str, expected: Iterable[Hashable], found: Iterable[Hashable]) -> Line:
    """Each expected thing exactly once, and nothing else."""
    wanted, there = Counter(iter(expected)), Counter(iter(found))
    return Line(
        kind,
        wanted.total(),
        there.total(),
        tuple((wanted - there).elements()),
        tuple((there - wanted).elements()),
    )


def deeds(kind: str, made: Deeds, found: Sequence[Hashable]) -> Line:
    """What was done, and of what is in doubt the part that arrived."""
    there = set(found)
    return compare(kind, {*made.done, *(made.in_doubt & there)}, found)


@dataclass
class Check:
    """After the last worker has ended."""

    ledger: Ledger
    store: SqlStore
    server: Postgres
    database: str
    machines: Sequence[Machine]

    def lines(self) -> list[Line]:
        """The table."""
        return [*self._records(), *self._publications(), *self._people(), *self._machines()]

    def _records(self) -> list[Line]:
        ledger, verdicts = self.ledger, self.store.verdicts(limit=EVERYTHING)
        pairs = [(verdict.invocation_id, one) for verdict in verdicts for one in verdict.reaction_ids]
        rows = [(verdict.invocation_id, verdict.reaction_ids[-1]) for verdict in verdicts]
        at_fault = [row for row, verdict in zip(rows, verdicts, strict=True) if verdict.outcome is Outcome.SKILL_FAULT]
        return [
            compare("attributions", ledger.attributions, [row.id for row in self.store.attributions(EVERYTHING)]),
            compare("invocations", ledger.invocations, [row.id for row in self.store.invocations(EVERYTHING)]),
            compare("judged reactions", ledger.judged, pairs),
            compare("verdict rows, one for each last reaction", set(rows), rows),
            compare("verdicts of skill_fault", ledger.faults, at_fault),
            compare("proposals", ledger.proposals, [row.id for row in self.store.proposals(limit=EVERYTHING)]),
        ]

    def _publications(self) -> list[Line]:
        proposals = self.store.proposals(limit=EVERYTHING)
        published = [p for p in proposals if p.status is ProposalStatus.PUBLISHED]
        may_end = self.ledger.proposals
        otherwise = [(p.id, p.status.value) for p in proposals if p.status not in may_end.get(p.id, ())]
        logged = {entry["proposal"] for machine in self.machines for entry in machine.logged("published")}
        loop = self._skills("proposal_id, reaction_id, invocation_id", "proposal_id IS NOT NULL")
        versions = self._skills("name, author, version, parent_version", "TRUE")
        counts = Counter(row[:2] for row in versions)
        whole = [(*ref, n, n - 1 or None) for ref, count in counts.items() for n in range(1, count + 1)]
        return [
            compare("publications by the loop", {p.id for p in published}, [row[0] for row in loop]),
            compare("- that a worker logged", logged, logged & {row[0] for row in loop}),
            compare("- one for each reaction", {row[1] for row in loop}, [row[1] for row in loop]),
            compare("- one for each invocation", {row[2] for row in loop}, [row[2] for row in loop]),
            compare("proposals that ended otherwise", [], otherwise),
            compare("versions, without a gap", whole, versions),
            compare("versions on their parent's bytes", [], self._wrong_parents()),
        ]

    def _people(self) -> list[Line]:
        ledger = self.ledger
        pushed = self._skills("content_sha256", "proposal_id IS NULL AND reverts_version IS NULL")
        rolled = self._skills("name || '--' || author, reverts_version, published_by", "reverts_version IS NOT NULL")
        notes = self._rows("SELECT note FROM annotations")
        policies = Counter(self._rows("SELECT name || '--' || author, policy, set_by FROM policies"))
        lines = [
            deeds("pushes", ledger.pushes, [row[0] for row in pushed]),
            deeds("annotations", ledger.annotations, [row[0] for row in notes]),
        ]
        return [
            *lines,
            self._counted("rollbacks", ledger.rollbacks, Counter(rolled)),
            self._counted("policies", ledger.policies, policies),
        ]

    def _machines(self) -> list[Line]:
        heads = {ref: self.store.head(ref) for ref in self.ledger.skills}
        wanted = [(m.name, str(ref), head.content_sha256) for m in self.machines for ref, head in heads.items() if head]
        there = [(m.name, str(ref), m.sha_on_disk(ref)) for m in self.machines for ref in heads]
        left = Counter[str]()
        for machine in self.machines:
            left.update(machine.left())
        return [
            compare("heads on the machines' disks", wanted, there),
            *(Line(f"left: {what}", 0, count) for what, count in left.items()),
            compare("prompts that no recorder took", [], self.ledger.unrecorded),
            compare("hooks that a harness would notice", [], self.ledger.noisy),
        ]

    @staticmethod
    def _counted(kind: str, made: Deeds, found: Counter[tuple[object, ...]]) -> Line:
        """These have no id of their own to tell two alike apart: those done, and at most the doubtful."""
        done = Counter(claim[:3] for claim in made.done if isinstance(claim, tuple))
        doubt = Counter(claim[:3] for claim in made.in_doubt if isinstance(claim, tuple))
        arrived = (found & (done + doubt)) - done
        return compare(kind, (done + arrived).elements(), found.elements())

    def _wrong_parents(self) -> list[tuple[object, ...]]:
        return self._rows(
            "SELECT s.id FROM skills s JOIN skills p ON (p.org, p.name, p.author, p.version) = "
            "(s.org, s.name, s.author, s.version - 1) WHERE s.parent_sha256 IS DISTINCT FROM p.content_sha256"
        )

    def _skills(self, columns: str, where: str) -> list[tuple[object, ...]]:
        return self._rows(f"SELECT {columns} FROM skills WHERE {where}")

    def _rows(self, statement: str) -> list[tuple[object, ...]]:
        return self.server.execute(statement, self.database)
