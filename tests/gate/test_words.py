from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from hivemind_skillopt.gate import words as module
from hivemind_skillopt.gate.words import words
from tests.corpora import skill_files

THREADS = 4


@pytest.fixture
def _eager_switches() -> Iterator[None]:
    """Threads change places as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("_eager_switches")
def test_threads_do_not_spoil_each_others_stems():
    """The worker checks several proposals at a time."""
    texts = [path.read_text(encoding="utf-8") for path in skill_files()[: 4 * THREADS]]
    alone = [words(text) for text in texts]
    module._stem.cache_clear()
    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(words, texts)) == alone
