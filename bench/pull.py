"""What a pull costs: 10,000 skills with 20 versions each, on SQLite and PostgreSQL.

    python -m bench.pull [--skills 10000] [--versions 20] [--store sqlite|postgresql|both]

Each pull is a process of its own, so that its peak memory is its own. It ends with 1 when a no-change pull is more than
one query, reads a body or writes anything, or an update of 100 skills touches another number of folders.
Linux only (it reads /proc).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from hivemind_skillopt.store import sql
from hivemind_skillopt.store.engine import open_store
from tests.postgres import running
from tests.pull.load import load, name
from tests.pull.world import TEXT, World, publish

ORG, UPDATES = "acme", 100
SMALLER = 10
"""The same with a tenth of the skills: what memory grows by."""


def tree(world: World) -> dict[str, tuple[int, int]]:
    """Every file, folder and link, and state.db's bytes."""
    state = world.settings.paths.state_db
    files = {f"state{end}": state.with_name(f"state.db{end}") for end in ("", "-wal")}
    texts = {key: file.read_bytes() if file.exists() else b"" for key, file in files.items()}
    digests = {key: int(hashlib.sha256(text).hexdigest()[:12], 16) for key, text in texts.items()}
    return world.touched() | {key: (digest, 0) for key, digest in digests.items()}


def peak_mib() -> int:
    """Of this program alone: `ru_maxrss` begins with the size of the process that started it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) // 1024


def one_pull(url: str, root: Path) -> None:
    """In the child: pull, and print what it took as JSON."""
    store = open_store(url, ORG)
    store.prepare()
    world = World(root, store)
    read = {"bytes": 0}
    real = sql.changed

    def changed(*arguments: object) -> list[dict[str, object]]:
        rows = real(*arguments)
        read["bytes"] += sum(len(str(value)) for row in rows for value in row.values())
        return rows

    sql.changed = changed
    begun = time.monotonic()
    with world.queries() as asked:
        report = world.pull()
    seconds = time.monotonic() - begun
    facts = {
        "seconds": round(seconds, 1),
        "queries": len(asked),
        "bodies": sum("body" in statement or "blobs" in statement for statement in asked),
        "bytes": read["bytes"],
        "changes": len(report.changes),
        "rss": peak_mib(),
    }
    print(json.dumps(facts))
    store.close()
    world.database.close()


def in_child(url: str, root: Path) -> dict[str, float]:
    argv = [sys.executable, "-m", "bench.pull", "--child", url, str(root)]
    return json.loads(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)


def measure(label: str, url: str, root: Path, skills: int, versions: int) -> list[str]:
    """The three pulls of one machine; what was wrong."""
    store = open_store(url, ORG)
    load(store, ORG, skills, versions)
    if label == "postgresql":
        with store._engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")
    wrong = []

    def show(what: str, facts: dict[str, float], touched: int) -> None:
        print(
            f"{label:<11} {skills:>6} x {versions:<3} {what:<12} {facts['queries']:>7} {facts['bodies']:>7}"
            f" {facts['bytes']:>9} {touched:>8} {facts['seconds']:>8} {facts['rss']:>5}",
            flush=True,
        )

    show("first", in_child(url, root), skills)
    world = World(root, store)  # holds state.db open: whoever closes it last moves its log into it
    before = tree(world)
    facts = in_child(url, root)
    written = [path for path, seen in tree(world).items() if before.get(path) != seen]
    show("no change", facts, len(written))
    if facts["queries"] != 1 or facts["bodies"] or written:
        wrong.append(f"{label}: a no-change pull: {facts}, written {written[:3]}")
    for number in range(0, skills, skills // UPDATES):
        publish(store, name(number), TEXT)
    before = world.touched()
    facts = in_child(url, root)
    after = world.touched()
    made = [path for path in after if path not in before and path.endswith("--alice")]
    links = [path for path in after if os.path.islink(path) and after[path] != before.get(path)]
    show(f"{UPDATES} updates", facts, len(made))
    if not len(made) == len(links) == UPDATES:
        wrong.append(f"{label}: {UPDATES} updates made {len(made)} folders and switched {len(links)} links")
    store.close()
    world.database.close()
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--skills", type=int, default=10_000)
    parser.add_argument("--versions", type=int, default=20)
    parser.add_argument("--store", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        one_pull(asked.child[0], Path(asked.child[1]))
        return 0
    stores = ("sqlite", "postgresql") if asked.store == "both" else (asked.store,)
    print("store       skills x versions pull     queries  bodies     bytes  touched  seconds   MiB")
    wrong: list[str] = []
    for label in stores:
        for skills in (asked.skills // SMALLER, asked.skills):
            with ExitStack() as stack:
                root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
                url = f"sqlite:///{root}/org/store.db"
                if label == "postgresql":
                    url = stack.enter_context(running()).new_database()
                wrong += measure(label, url, root, skills, asked.versions)
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
