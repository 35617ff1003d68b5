"""Whose session says something next: several of a machine go on at once."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.simulation.machine import Machine
from bench.simulation.plan import Event, Size, Skill, script, sessions

SESSIONS_AT_ONCE = 6
"""Of one machine."""

APART_SECONDS = 0.03
"""Between two events of a session: no human is faster, and the kernel's file times are not finer than 4 ms."""


@dataclass
class Desk:
    """The sessions of one machine: those that go on now, and those that will begin."""

    machine: Machine
    waiting: list[list[Event]]
    going_on: list[list[Event]] = field(default_factory=list)
    last: dict[str, float] = field(default_factory=dict)

    def next_event(self, draw: random.Random) -> Event | None:
        """Of one of its sessions; None where each had one only a moment ago, or none is left."""
        while self.waiting and len(self.going_on) < SESSIONS_AT_ONCE:
            self.going_on.append(self.waiting.pop(0))
        before = time.monotonic() - APART_SECONDS
        ready = [told for told in self.going_on if self.last.get(told[0].session, 0.0) < before]
        if not ready:
            return None
        told = draw.choice(ready)
        event = told.pop(0)
        self.going_on = [told for told in self.going_on if told]
        self.last[event.session] = time.monotonic()
        return event


def all_sessions(desks: Sequence[Desk]) -> list[list[Event]]:
    """What has not happened yet."""
    return [told for desk in desks for told in desk.waiting]


def desk_of(machine: Machine, number: int, size: Size, skills: Sequence[Skill], draw: random.Random) -> Desk:
    """The sessions of one machine, and its model that knows what to say in them."""
    count = size.sessions // size.machines + (number < size.sessions % size.machines)
    told = sessions(machine.name, count, skills, draw)
    machine.lab.script(**script(told))
    return Desk(machine, told)
