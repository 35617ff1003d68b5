"""What a hook costs while the store is up, stopped, or takes connections and never answers: it must be the same.

    python bench/faults.py [-n 21]

The recorder as installed: a session start and a reaction, each of which also starts a worker that meets that store.
Interleaved in one run. It ends with 1 when a median ratio to "up" is over 1.2.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent.parent))  # for tests.postgres and the proxy
sys.path.insert(0, str(Path(__file__).parent))


from recorder import PROMPT, SESSION, START, hook, make_state, timed, workers

from hivemind_skillopt.store.engine import open_store
from tests.faults.proxy import proxy_of
from tests.postgres import running

LIMIT = 1.2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=21, help="rounds (default 21)")
    rounds = parser.parse_args().n
    with (
        running() as server,
        proxy_of(server.socket) as proxy,
        TemporaryDirectory(ignore_cleanup_errors=True) as folder,
    ):
        url, root = server.new_database(), Path(folder)
        with closing(open_store(url, "local")) as store:
            store.migrate()
        through = url.replace(str(server.folder), str(proxy.folder)) + "&connect_timeout=2&deadline=2"
        stores = {"up": url, "stopped": f"postgresql://postgres@/x?host={root}", "silent": through}
        proxy.silent = True
        times = measure(stores, root, rounds)
    sys.exit(report(times, rounds))


def end_workers(root: Path) -> None:
    """Those that we started: they name our folder, wait for their store, and take a core from the next measurement."""
    while found := list(workers(root)):
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def measure(stores: dict[str, str], root: Path, rounds: int) -> dict[tuple[str, str], list[float]]:
    times: dict[tuple[str, str], list[float]] = {}
    for name in stores:
        make_state(root / name)
    for number in range(rounds + 1):
        for name, url in stores.items():
            os.environ |= {"HOME": str(root), "HIVEMIND_SKILLOPT_STORE": url}
            state = root / name
            for event, payload in (("SessionStart", START), ("UserPromptSubmit", PROMPT)):
                marker = state / "sessions" / f"claude_code-{SESSION}"
                seconds = timed(hook(state, event), payload, marker.touch)
                if number:
                    times.setdefault((event, name), []).append(seconds)
                end_workers(root)
    return times


def report(times: dict[tuple[str, str], list[float]], rounds: int) -> int:
    print(f"{'case':34} {'median ms':>10} {'ratio':>6} {'limit':>6}   (n = {rounds}, interleaved)")
    failed = False
    for (event, name), taken in sorted(times.items(), key=lambda case: (case[0][0], case[0][1] != "up")):
        ratio = statistics.median(a / b for a, b in zip(taken, times[event, "up"], strict=True))
        failed |= ratio > LIMIT
        print(f"{event + ', store ' + name:34} {statistics.median(taken) * 1000:>10.2f} {ratio:>6.2f} {LIMIT:>6.2f}")
    return int(failed)


if __name__ == "__main__":
    main()
