"""What people do meanwhile, each with the real CLI on a machine of their own. What it says goes into the ledger."""

from __future__ import annotations

import json
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.simulation.ledger import Deeds, Ledger
from bench.simulation.machine import Machine
from bench.simulation.plan import Skill, Treatment
from hivemind_skillopt.model import Policy, Publication, SkillFile, SkillFolder, SkillRef
from hivemind_skillopt.store.sql import SqlStore

PATIENCE_SECONDS = 60.0
"""Then a person presses Ctrl-C, in effect."""

REFUSALS = (
    "was published by",
    "is being published by",
    "nothing changed",
    "learned from a reaction",
    "names no version",
    "already has the bytes",
)
"""A clear no: the store must not have it. After every other failure it may have heard all the same."""

TEXT = """---
name: {ref}
description: How {ref} is done.
---

# {ref}

1. Look at what there is.
2. Do it, step by step.
"""


@dataclass
class Deed:
    """One command at work. `told` is called with its JSON where it succeeded, and says what was done."""

    process: subprocess.Popen[str]
    deeds: Deeds
    claim: object
    done: Callable[[dict[str, object]], object | None]
    began: float = field(default_factory=time.monotonic)


@dataclass
class People:
    """`head`: asks the store itself which version is the head, past the proxy; only to choose what to do."""

    machines: Sequence[Machine]
    ledger: Ledger
    store: SqlStore
    draw: random.Random
    at_work: list[Deed] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    _serial: int = 0
    _next_acts: list[Callable[[], None]] = field(default_factory=list)

    def act(self) -> None:
        """Somebody does something; each kind has its turn before any has its next."""
        if not self._next_acts:
            self._next_acts = [self.push, self.race, self.roll_back, self.annotate, self.toggle, self.pull]
            self.draw.shuffle(self._next_acts)
        self._next_acts.pop()()

    def push(self) -> None:
        """Edit what was pulled, and push it."""
        machine, skill = self.draw.choice(self.machines), self._skill()
        text = (machine.link(skill.ref) / "SKILL.md").read_text()
        self._push(machine, skill.ref, text)

    def race(self) -> None:
        """Three people push on the same parent at once: at most one of them may win."""
        skill = self._skill()
        head = self.store.head(skill.ref)
        if head is not None:
            text = self.store.folder(skill.ref, head.version).skill_md.decode()
            for machine in self.draw.sample(list(self.machines), 3):
                self._push(machine, skill.ref, text, "--parent", head.content_sha256)

    def roll_back(self) -> None:
        """To the version before the head."""
        skill = self._skill()
        head = self.store.head(skill.ref)
        if head is not None and head.version > 1:
            to = head.version - 1
            machine = self.draw.choice(self.machines)
            command = machine.cli("rollback", str(skill.ref), "--to", str(to), "--json")
            claim = (str(skill.ref), to, machine.user, self._next())
            self._watch(command, self.ledger.rollbacks, claim, lambda _: claim)

    def annotate(self) -> None:
        """A person's word on a use that has arrived. Any other outcome would stop the edit for a complaint to come."""
        arrived = self.store.invocations(limit=50)
        if arrived:
            note = f"note {self._next()}"
            invocation = self.draw.choice(arrived).id
            arguments = ("annotate", invocation, "--outcome", "skill_fault", "--note", note, "--json")
            self._watch(self.draw.choice(self.machines).cli(*arguments), self.ledger.annotations, note, lambda _: note)

    def toggle(self) -> None:
        """Lock or unlock a skill of which nobody complains."""
        toggled = [skill for skill in self.ledger.skills.values() if skill.treatment is Treatment.TOGGLED]
        skill, word = self.draw.choice(toggled), self.draw.choice(("lock", "unlock"))
        machine, number = self.draw.choice(self.machines), self._next()
        policy = "locked" if word == "lock" else "auto"
        claim = (str(skill.ref), policy, machine.user, number)
        command = machine.cli(word, str(skill.ref), "--json")
        self._watch(command, self.ledger.policies, claim, lambda said: claim if said["before"] != policy else None)

    def pull(self) -> None:
        """Nothing to write down: the disks are compared in the end."""
        self._watch(self.draw.choice(self.machines).cli("pull", "--json"), Deeds(), "", lambda _: "")

    def look(self) -> None:
        """Write down what has ended; end what takes too long."""
        for deed in list(self.at_work):
            if time.monotonic() - deed.began > PATIENCE_SECONDS:
                deed.process.kill()
            if deed.process.poll() is not None:
                self.at_work.remove(deed)
                self._ended(deed)

    def found(self, now: int) -> None:
        """Each skill's first version, before anything goes wrong: straight into the store. `now`: ns."""
        for skill in self.ledger.skills.values():
            ref, author = skill.ref, skill.ref.author
            folder = SkillFolder((SkillFile("SKILL.md", TEXT.format(ref=ref).encode()),))
            self.store.publish(Publication(ref, folder, None, author, now))
            self.ledger.pushes.done.add(folder.content_sha256)
            if skill.treatment in (Treatment.REVIEW, Treatment.LOCKED):
                self.store.set_policy(ref, Policy(skill.treatment), author, now)
                self.ledger.policies.done.add((str(ref), skill.treatment.value, author, 0))

    def wait(self) -> None:
        """Until nobody is at work."""
        while self.at_work:
            time.sleep(0.02)
            self.look()

    def _push(self, machine: Machine, ref: SkillRef, text: str, *options: str) -> None:
        number = self._next()
        folder = machine.folder / "work" / f"{number}" / ref.name
        folder.mkdir(parents=True)
        (folder / "SKILL.md").write_text(f"{text.rstrip()}\n{number}. By hand, by {machine.user}.\n")
        sha = _sha(folder / "SKILL.md")
        command = machine.cli("push", str(folder), "--author", ref.author, "--json", *options)
        self._watch(command, self.ledger.pushes, sha, lambda said: said["sha256"])

    def _watch(
        self,
        command: subprocess.Popen[str],
        deeds: Deeds,
        claim: object,
        done: Callable[[dict[str, object]], object | None],
    ) -> None:
        self.at_work.append(Deed(command, deeds, claim, done))

    def _ended(self, deed: Deed) -> None:
        said, error = deed.process.communicate()
        if deed.process.returncode == 0:
            what = deed.done(json.loads(said))
            if what is not None:
                deed.deeds.done.add(what)
            return
        words = error.strip().removeprefix("Error: ")
        refused = any(why in words for why in REFUSALS)
        (deed.deeds.refused if refused else deed.deeds.in_doubt).add(deed.claim)
        self.failures[words[:90] or f"ended by signal {-deed.process.returncode}"] += 1

    def _skill(self) -> Skill:
        return self.draw.choice(list(self.ledger.skills.values()))

    def _next(self) -> int:
        self._serial += 1
        return self._serial


def _sha(file: Path) -> str:
    """What the store will know the pushed folder by."""
    return SkillFolder((SkillFile("SKILL.md", file.read_bytes()),)).content_sha256
