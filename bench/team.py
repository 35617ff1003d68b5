"""A team on one store: simulated machines, sessions and people against one PostgreSQL, with faults injected.

    python bench/team.py [--machines 20] [--sessions 2000] [--seed 1] [--seconds 300]

In the end the rows in the store and the folders on the disks are compared with a ledger of what was really done. It
ends with 1 on any difference. `--keep` leaves the machines' folders for a look.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.simulation.plan import Size
from bench.simulation.report import report
from bench.simulation.run import run_team
from bench.simulation.server import SETTINGS
from tests.postgres import running


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--machines", type=int, default=20)
    parser.add_argument("--sessions", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, help="of the part with faults (default: 0.15 for each session)")
    parser.add_argument("--keep", action="store_true", help="leave the machines' folders")
    wanted = parser.parse_args()
    size = Size(wanted.machines, wanted.sessions, wanted.seconds or wanted.sessions * 0.15, wanted.seed)
    root = Path(tempfile.mkdtemp(prefix="team-"))
    with running(SETTINGS) as server:
        result = run_team(size, server, root)
    print(report(size, result))
    if wanted.keep:
        print(f"folders       {root}")
    else:
        shutil.rmtree(root)
    return int(result.differs)


if __name__ == "__main__":
    sys.exit(main())
