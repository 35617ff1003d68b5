"""Seeded kills of the real worker process."""

from __future__ import annotations

import random
import signal
import time

from tests.crash.story import DOCS, LINT, SECOND_COMPLAINT, Story
from tests.worker.lab import REACTION, REF, Lab
from tests.worker.processes import ends, log_lines, start, until_logged

SEEDS = 40
KILLS = 3
"""Of each seed; only a worker that really died of the signal counts."""

MAX_LOG_LINES = 16
"""A worker that does it all writes four more."""

MAX_DELAY_SECONDS = 0.04


def kill_again_and_again(lab: Lab, seed: int) -> None:
    """Three workers are killed, each at an instant of its own; the last one may end.

    The instant is drawn as a line of the log and a moment after it, so that a slow machine dies at the same places. For
    a worker that had ended before its instant came, another with more to do dies, at an earlier one.
    """
    draw = random.Random(seed)
    story = Story.begin(lab)
    story.session(REF, REACTION)
    story.session(LINT, "thanks", REACTION, "and another thing is wrong")
    story.session(DOCS, "what a zebra, but never mind", fault=False)
    later = [(DOCS, REACTION), (REF, SECOND_COMPLAINT)]
    killed = ended = 0
    while killed < KILLS:
        if kills(lab, draw.randint(0, MAX_LOG_LINES >> ended), draw.uniform(0, MAX_DELAY_SECONDS)):
            killed += 1
        else:
            ended += 1
            story.session(DOCS, "what a zebra, but never mind", fault=False)
        if later and draw.random() < 0.5:
            story.session(*later.pop())
    assert ends([start(lab)]) == [0]
    story.check()


def kills(lab: Lab, lines: int, delay: float) -> bool:
    """Kill one worker so long after it has written so many lines; False: it had ended."""
    worker = start(lab)
    until_logged(lab, log_lines(lab) + lines, worker)
    time.sleep(delay)
    worker.send_signal(signal.SIGKILL)
    code = worker.wait()
    assert code in (0, -signal.SIGKILL)
    return code != 0
