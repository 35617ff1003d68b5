"""By how much the extension delays a turn of pi, which waits for each handler.

    python bench/pi.py [-n 41]

Load as in `recorder.py`. Each case is one call of a handler of the installed file in a node of pi's size, interleaved;
it ends with 1 when a median is over 10 ms. What it puts off, the worker's start, stops pi as well, but while that waits
for its model or has done its work: it is shown, and no limit is set to it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from recorder import SESSION, make_state

from hivemind_skillopt.adapters.pi.install import NAME, with_hooks
from hivemind_skillopt.launch import WORKER_MAIN

LIMIT_MS = 10.0
Times = dict[str, list[float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=41, help="rounds (default 41)")
    rounds = parser.parse_args().n
    root = Path(tempfile.mkdtemp(prefix="bench-"))
    make_state(root / "state")
    times, later = measure(root, rounds)
    shutil.rmtree(root, ignore_errors=True)
    sys.exit(report(times, later))


def measure(root: Path, rounds: int) -> tuple[Times, Times]:
    """Milliseconds of each case, and of what is put off.

    The worker is one that ends at once: a real one would find nothing pulled here.
    """
    file, worker = root / NAME, root / "worker.py"
    worker.touch()
    file.write_text(with_hooks(file, None, root / "state" / "launcher").replace(WORKER_MAIN, str(worker)))
    marker = str(root / "state" / "sessions" / f"pi-{SESSION}")
    told = json.dumps({"file": str(file), "marker": marker, "rounds": rounds, "session": SESSION})
    run = [shutil.which("node") or "node", str(Path(__file__).with_suffix(".mjs"))]
    env = {"PATH": os.environ["PATH"], "HOME": str(root)}
    done = subprocess.run(run, input=told, env=env, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout)
    return found["times"], found["later"]


def report(times: Times, later: Times) -> int:
    """The table; 1 when a median is over the limit."""
    print(f"{'case':38} {'median ms':>10} {'p95 ms':>8} {'limit':>6}   (n = {len(next(iter(times.values())))})")
    for name, found in {**times, **later}.items():
        p95 = statistics.quantiles(found, n=20)[-1]
        limit = f"{LIMIT_MS:>6.2f}" if name in times else ""
        print(f"{name:38} {statistics.median(found):>10.2f} {p95:>8.2f} {limit}".rstrip())
    return int(max(map(statistics.median, times.values())) > LIMIT_MS)


if __name__ == "__main__":
    main()
