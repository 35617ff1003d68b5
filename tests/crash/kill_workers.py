"""The worker, killed again and again while it does everything it does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.crash.instants import Killer
from tests.crash.labs import check_swept, crash_lab, environ_of
from tests.crash.nursery import Nursery
from tests.crash.story import DOCS, LINT, SECOND_COMPLAINT, Story
from tests.worker.lab import REACTION, REF, Lab

KILLS_OF_ONE_STORY = 5


def kill_workers(nursery: Nursery, root: Path, new_store: Callable[[], str], seed: int, kills: int) -> Killer:
    """Stories in folders and stores of their own, in each of which some die, until so many have died."""
    killer = Killer(nursery, "worker", seed, {})
    number = 0
    while killer.deaths() < kills:
        number += 1
        these = min(KILLS_OF_ONE_STORY, kills - killer.deaths())
        with crash_lab(root / f"story{number}", new_store()) as lab:
            tell(killer, lab, these)
    return killer


def tell(killer: Killer, lab: Lab, kills: int) -> None:
    """One story."""
    story = Story.begin(lab)
    story.session(REF, REACTION)
    story.session(LINT, "thanks", REACTION, "and another thing is wrong")
    story.session(DOCS, "what a zebra, but never mind", fault=False)
    later = [(DOCS, REACTION), (REF, SECOND_COMPLAINT)]
    killer.environ = environ_of(lab)
    argv, until = str(lab.paths.state), killer.deaths() + kills
    while killer.deaths() < until:
        if not killer.kill(argv):
            story.session(DOCS, "what a zebra, but never mind", fault=False)
        if later and killer.draw.random() < 0.5:
            story.session(*later.pop())
    killer.let_live(argv)
    with killer.explained():
        story.check()
        check_swept(lab)
