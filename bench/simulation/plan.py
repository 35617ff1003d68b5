"""What the humans do, and what has to come of it. Pure: the same seed tells the same sessions.

A session's windows follow DESIGN 2. A complaint is always the last thing that its windows take: whether a later prompt
would still count would depend on how fast the judge was.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from hivemind_skillopt.adapters.claude_code.payload import reaction_id
from hivemind_skillopt.model import SkillRef, derived_id

HARNESS = "claude_code"
K = 3
COMPLAINTS = 0.15
"""Share of the sessions with an org skill whose last prompt says that the skill is wrong."""

ACKNOWLEDGEMENTS = ("thanks", "ok, go on", "perfect")
TALK = (
    "what a zebra, but never mind, that is what I wanted",
    "you skipped the first step, read it again",
    "let us rather do this for the other branch",
    "the network was down again, try once more",
)
OUTSIDE = "and now something else: rename the table of contents"


class Treatment(StrEnum):
    """What people do to a skill. Nobody complains of a `toggled` one: what came of it would depend on the moment."""

    AUTO = "auto"
    REVIEW = "review"
    LOCKED = "locked"
    TOGGLED = "toggled"


@dataclass(frozen=True, slots=True)
class Skill:
    """One org skill, written by one of the team."""

    ref: SkillRef
    treatment: Treatment


@dataclass(frozen=True, slots=True)
class Size:
    """How much. `seconds`: of the part in which things go wrong."""

    machines: int
    sessions: int
    seconds: float
    seed: int

    def skills(self) -> list[Skill]:
        """One for each machine, at least five; their authors are the team."""
        treatments = {0: Treatment.LOCKED, 1: Treatment.REVIEW, 2: Treatment.TOGGLED}
        users = [user(n % self.machines) for n in range(max(5, self.machines))]
        return [
            Skill(SkillRef(f"skill-{n:02d}", name), treatments.get(n, Treatment.AUTO)) for n, name in enumerate(users)
        ]


@dataclass(frozen=True, slots=True)
class Start:
    """A session starts."""

    session: str


@dataclass(frozen=True, slots=True)
class Use:
    """The model calls a skill."""

    session: str
    ref: SkillRef
    tool: str
    prompt: str

    @property
    def invocation_id(self) -> str:
        """As the product derives it."""
        return derived_id(HARNESS, self.session, self.tool, str(self.ref))


@dataclass(frozen=True, slots=True)
class Say:
    """The human types. `windows`: the uses that it is a reaction to; `case` names a complaint, '' for other words."""

    session: str
    prompt: str
    text: str
    windows: tuple[Use, ...] = ()
    judged: bool = True
    case: str = ""

    @property
    def reaction_id(self) -> str:
        """As the product derives it."""
        return reaction_id(self.session, self.prompt)


Event = Start | Use | Say


@dataclass(slots=True)
class Teller:
    """Tells one session, event by event, and knows its open windows."""

    session: str
    draw: random.Random
    events: list[Event] = field(default_factory=list)
    _open: dict[Use, int] = field(default_factory=dict)
    _prompts: int = 1
    _tools: int = 0

    def use(self, skill: Skill) -> Teller:
        """The same skill again closes its earlier window."""
        self._tools += 1
        use = Use(self.session, skill.ref, f"t{self._tools}", f"p{self._prompts}")
        self._open = {earlier: n for earlier, n in self._open.items() if earlier.ref != use.ref} | {use: 0}
        self.events.append(use)
        return self

    def again(self) -> Teller:
        """The last event once more: the hooks came by the plugin and by the settings."""
        self.events.append(self.events[-1])
        return self

    def talk(self) -> Teller:
        """Words that show no fault of the skill, or an acknowledgement, which no judge sees."""
        acknowledges = self.draw.random() < 0.3
        return self._say(self.draw.choice(ACKNOWLEDGEMENTS if acknowledges else TALK), judged=not acknowledges)

    def complain(self, case: str) -> Teller:
        """The skill is wrong."""
        return self._say(complaint(case), case=case)

    def other(self) -> Teller:
        """A prompt that no window waits for."""
        if self._open:
            raise ValueError("a window is open")
        return self._say(OUTSIDE)

    def _say(self, text: str, *, judged: bool = True, case: str = "") -> Teller:
        self._prompts += 1
        self.events.append(Say(self.session, f"p{self._prompts}", text, tuple(self._open), judged, case))
        self._open = {use: n + 1 for use, n in self._open.items() if n + 1 < K}
        return self


def complaint(case: str) -> str:
    """What the human says of the skill."""
    return f"no, that is wrong (case {case}): {demand(case)}"


def demand(case: str) -> str:
    """What the skill should have said; the judge quotes it."""
    return f"always look at {lamp(case)} first"


def learned(case: str) -> str:
    """The line that the proposer adds. It must not hold what its rule is found by."""
    return f"Always look at {lamp(case)} first."


def lamp(case: str) -> str:
    """A word that is nobody else's."""
    return "lamp " + case.replace("-", " of row ")


KINDS = ("quiet", "three", "after", "twice", "two", "quiet", "again", "long", "three", "short")
"""Ten sessions of 50 hook events together."""


def sessions(machine: str, count: int, skills: Sequence[Skill], draw: random.Random) -> list[list[Event]]:
    """The sessions of one machine."""
    return [_session(f"{machine}-s{n:04d}", KINDS[n % len(KINDS)], skills, draw) for n in range(count)]


def _session(name: str, kind: str, skills: Sequence[Skill], draw: random.Random) -> list[Event]:
    one, other = draw.sample(skills, 2)
    teller = Teller(name, draw)
    teller.events.append(Start(name))
    if kind == "quiet":
        return teller.other().other().other().other().events
    if kind in ("after", "short"):
        teller.other()
    teller.use(one)
    if kind == "twice":
        teller.again()
    if kind == "two":
        teller.use(other)
    for _ in range({"three": 2, "long": 2, "twice": 0, "short": 0}.get(kind, 1)):
        teller.talk()
    if kind == "again":
        teller.use(one)
    _last_word(teller, [one, other] if kind == "two" else [one], name)
    if kind == "twice":
        teller.again()
    return (teller.other() if kind == "long" else teller).events


def _last_word(teller: Teller, used: Sequence[Skill], case: str) -> None:
    toggled = any(skill.treatment is Treatment.TOGGLED for skill in used)
    if teller.draw.random() < COMPLAINTS and not toggled:
        teller.complain(case)
    else:
        teller.talk()


def script(told: Sequence[Sequence[Event]]) -> dict[str, list[dict[str, object]]]:
    """What the machine's model says: by the case that stands in the prompt, else that the skill was not at fault."""
    cases = [event.case for events in told for event in events if isinstance(event, Say) and event.case]
    cases = list(dict.fromkeys(cases))
    fine = {"outcome": "ok", "confidence": 0.9, "reason": "the user goes on", "quote": None}
    judge: list[dict[str, object]] = [{"when": f"(case {case})", "answer": _fault(case)} for case in cases]
    proposer: list[dict[str, object]] = [{"when": f"(case {case})", "answer": _proposal(case)} for case in cases]
    return {"judge": [*judge, {"answer": fine}], "proposer": proposer}


def _fault(case: str) -> dict[str, object]:
    return {"outcome": "skill_fault", "confidence": 0.9, "reason": "it lacks a step", "quote": demand(case)}


def _proposal(case: str) -> dict[str, object]:
    return {
        "root_cause": "a step is missing",
        "generality": "every use",
        "expected": {"signal": "nobody says so again", "horizon": "ten uses", "fallback": "take it back"},
        "edits": [{"op": "append", "target": None, "content": learned(case)}],
        "no_change_reason": None,
    }


def user(number: int) -> str:
    """The one person of a machine."""
    return f"user{number:02d}"
