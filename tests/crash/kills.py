"""Seeded kills of the real worker process."""

from __future__ import annotations

import random
import signal
import time

from tests.crash.story import DOCS, LINT, Story
from tests.worker.lab import REACTION, REF, Lab
from tests.worker.processes import ends, log_lines, start, until_logged

MAX_KILLS = 4
MAX_LOG_LINES = 16
"""A worker that does it all writes four more."""

MAX_DELAY_SECONDS = 0.04


def kill_again_and_again(lab: Lab, seed: int) -> None:
    """One to four workers are killed, each at an instant of its own; the last one may end.

    The instant is drawn as a line of the log and a moment after it, so that a slow machine dies at the same places.
    """
    draw = random.Random(seed)
    story = Story.begin(lab)
    story.session(REF, REACTION)
    story.session(LINT, "thanks", REACTION, "and another thing is wrong")
    story.session(DOCS, "what a zebra, but never mind", fault=False)
    later = [(DOCS, REACTION), (REF, "this is the second complaint, " + REACTION)]
    killed = 0
    for _ in range(draw.randint(1, MAX_KILLS)):
        worker = start(lab)
        until_logged(lab, log_lines(lab) + draw.randint(0, MAX_LOG_LINES), worker)
        time.sleep(draw.uniform(0, MAX_DELAY_SECONDS))
        worker.send_signal(signal.SIGKILL)
        killed += worker.wait() == -signal.SIGKILL
        if later and draw.random() < 0.5:
            story.session(*later.pop())
    assert ends([start(lab)]) == [0]
    assert killed, "the first worker had always more to do when it was killed"
    story.check()
