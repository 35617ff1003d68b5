"""Seeded instants to die at, and the account of who died at which."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.crash.nursery import Instant, Life, Nursery

KINDS = ("step", "step", "statement", "statement", "time")
"""What an instant is counted in; half of the steps are commits."""

FIRST_GUESS = Life(killed=False, steps=10, statements=40, time=100_000)
"""How long a life is, before one was seen whole."""


@dataclass
class Killer:
    """Kills lives of one kind, at instants that a seed draws.

    `killed`, and `missed` because it had ended, by kind of instant; `instants` in their order.
    """

    nursery: Nursery
    kind: str
    seed: int
    environ: Mapping[str, str]
    whole: Life = FIRST_GUESS
    killed: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    instants: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.draw = random.Random(self.seed)

    def kill(self, *argv: str) -> bool:
        """One life that is to die at a drawn instant; False: it had ended before."""
        instant = self._instant()
        life = self.nursery.live(self.kind, list(argv), self.environ, instant)
        self.instants.append(f"{instant}{'' if life.killed else ' (missed)'}")
        (self.killed if life.killed else self.missed)[instant.kind] += 1
        self.whole = self.whole if life.killed else life
        return life.killed

    def let_live(self, *argv: str) -> None:
        """One that comes to its end."""
        self.whole = self.nursery.live(self.kind, list(argv), self.environ, Instant())
        self.instants.append("lived")

    def deaths(self) -> int:
        return sum(self.killed.values())

    def _instant(self) -> Instant:
        kind = self.draw.choice(KINDS)
        whole = {"step": self.whole.steps, "statement": self.whole.statements, "time": self.whole.time}[kind]
        return Instant(kind, self.draw.randint(1, max(1, whole)))

    @contextmanager
    def explained(self) -> Iterator[None]:
        """An assertion that fails names the seed and the last instants."""
        try:
            yield
        except AssertionError as error:
            last = ", ".join(self.instants[-6:])
            raise AssertionError(f"{self.kind}, seed {self.seed}, after {last}: {error}") from error
